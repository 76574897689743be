import * as z from 'zod';
import { logLevels } from './logger.ts';
import { streamBindingsSchema } from './stream-bindings.ts';

const integer = (least: number, most: number) =>
  z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `is a whole number from ${least} to ${most}`,
    })
    .transform(Number);

const urlOf = (what: string, ...protocols: readonly string[]) =>
  z.string().refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)) && isAddress(text), {
    error: `is ${what}: ${protocols.map((protocol) => `${protocol}://…`).join(' or ')}`,
  });

/** The nodes of a cluster are a list, which is no URL: each is looked at by itself. */
function isAddress(text: string): boolean {
  const [first = '', ...others] = text.split(',');
  const scheme = first.slice(0, first.indexOf('://'));
  return [first, ...others.map((node) => `${scheme}://${node}`)].every(
    (url) => URL.canParse(url) && new URL(url).host !== '',
  );
}

const kafkaName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,200}$/, { error: 'is 1 to 200 letters, digits, dots, dashes and underscores' });

const secret = z.string().min(16, { error: 'is a secret of at least 16 characters' });

/** Every setting, with its default. `.env.example` lists them for people; a test holds the two together. */
const environmentSchema = z.object({
  POSTGRES_URL: urlOf('the address of a Postgres', 'postgres', 'postgresql').optional(),
  POSTGRES_MAX_POOL: integer(1, 1000).default(10),
  REDIS_URL: urlOf(
    'the address of a Redis or a cluster',
    'redis',
    'rediss',
    'redis-cluster',
    'rediss-cluster',
  ).optional(),
  REDIS_MAX_CONNECTIONS: integer(1, 100).default(1),
  UPSTASH_REDIS_REST_URL: urlOf('the address of an Upstash Redis', 'https', 'http').optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1).optional(),
  KAFKA_BROKERS: z
    .string()
    .refine((text) => text.split(',').every((broker) => /^[^\s,:]+:\d{1,5}$/.test(broker)), {
      error: 'is a list host:port,host:port',
    })
    .optional(),
  KAFKA_TOPIC: kafkaName.optional(),
  KAFKA_GROUP: kafkaName.default('feature-store'),
  AWS_REGION: z.string().min(1).default('us-east-1'),
  AWS_ENDPOINT_URL_DYNAMODB: urlOf('the address of a DynamoDB', 'http', 'https').optional(),
  DYNAMODB_TABLE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'is 1 to 64 letters, digits, dots, dashes and underscores' })
    .default('feature-store-'),
  AWS_ENDPOINT_URL_KINESIS: urlOf('the address of a Kinesis', 'http', 'https').optional(),
  KINESIS_STREAM: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/, { error: 'is 1 to 128 letters, digits, dots, dashes and underscores' })
    .default('feature-store'),
  STREAM_BINDINGS: streamBindingsSchema.default([]),
  AWS_ENDPOINT_URL_S3: urlOf('the address of an S3', 'http', 'https').optional(),
  DEAD_LETTER_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: 'is the name of a bucket' })
    .optional(),
  ENVELOPE_SECRET: secret.optional(),
  API_KEY_SECRET: secret.optional(),
  PLATFORM_API_KEY: secret.optional(),
  CACHE_TTL_SECONDS: integer(0, 31_536_000).default(86_400),
  CACHE_GENERATION: integer(1, 1_000_000).default(1),
  CACHE_TIMEOUT_MS: integer(1, 60_000).default(100),
  CACHE_HOLD_MS: integer(0, 5000).default(0),
  DEFAULT_REQUESTS_PER_SECOND: integer(0, 100_000).default(0),
  DEFAULT_BURST: integer(0, 1_000_000).default(0),
  DEFAULT_RETENTION_DAYS: integer(0, 36_500).default(90),
  EVENT_TIME_TOLERANCE_SECONDS: integer(0, 3600).default(60),
  // A text of JavaScript has at most 512 Mi characters, and while an answer goes out it is there twice.
  ANSWER_MAX_BYTES: integer(1_048_576, 268_435_456).default(67_108_864),
  LOG_LEVEL: z.enum(logLevels, { error: `is one of ${logLevels.join(', ')}` }).default('info'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: integer(0, 65_535).default(8000),
  DATA_FOLDER: z.string().min(1).default('.data'),
});

export type Environment = z.infer<typeof environmentSchema>;

export const environmentNames: readonly string[] = Object.keys(environmentSchema.shape);

/** One sentence per mistake. */
export class EnvironmentError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.name = 'EnvironmentError';
    this.mistakes = mistakes;
  }
}

/** Parses the process's environment, once, at start. An empty value counts as none. Throws EnvironmentError. */
export function readEnvironment(given: Readonly<Record<string, string | undefined>>): Environment {
  const settings = Object.fromEntries(
    environmentNames.map((name) => [name, given[name] === '' ? undefined : given[name]]),
  );
  const parsed = environmentSchema.safeParse(settings);
  const mistakes = (parsed.error?.issues ?? []).map(({ path, message }) => {
    const name = path.join('.');
    const value = /SECRET|TOKEN|KEY|URL/.test(name) ? '' : ` (it is ${JSON.stringify(settings[name])})`;
    return `${name} ${message}${value}.`;
  });
  const halfOfPair = missingOfPair(settings, 'UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN');
  if (halfOfPair !== undefined) mistakes.push(halfOfPair);
  if (settings.REDIS_URL !== undefined && settings.UPSTASH_REDIS_REST_URL !== undefined) {
    mistakes.push('REDIS_URL and UPSTASH_REDIS_REST_URL name two caches, of which there is one.');
  }
  if (!parsed.success || mistakes.length > 0) throw new EnvironmentError(mistakes);
  return parsed.data;
}

function missingOfPair(
  settings: Readonly<Record<string, string | undefined>>,
  one: string,
  other: string,
): string | undefined {
  if ((settings[one] === undefined) === (settings[other] === undefined)) return undefined;
  return settings[one] === undefined ? `${one} is needed with ${other}.` : `${other} is needed with ${one}.`;
}

/** A setting that this process cannot do without. */
export function required<Name extends keyof Environment>(
  environment: Environment,
  name: Name,
): NonNullable<Environment[Name]> {
  const value = environment[name];
  if (value === undefined || value === null) throw new EnvironmentError([`${name} is needed here.`]);
  return value;
}
