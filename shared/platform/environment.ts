import { refuse } from '../contract/refuse.ts';
import * as z from '../contract/zod.ts';
import { logLevels } from './logger.ts';
import { streamBindingsSchema } from './stream-bindings.ts';

const text = z.string();

const integer = (least: number, most: number) =>
  z.pipe(
    text,
    z.transform((given, context): number => {
      const isWithin = /^\d+$/.test(given) && Number(given) >= least && Number(given) <= most;
      return isWithin ? Number(given) : refuse(context, `is a whole number from ${least} to ${most}`);
    }),
  );

const matching = (pattern: RegExp, error: string) => text.check(z.regex(pattern, { error }));

const urlOf = (what: string, ...protocols: readonly string[]) =>
  text.check(
    z.refine((given) => protocols.some((protocol) => given.startsWith(`${protocol}://`)) && isAddress(given), {
      error: `is ${what}: ${protocols.map((protocol) => `${protocol}://…`).join(' or ')}`,
    }),
  );

/** The nodes of a cluster are a list, which is no URL: each is looked at by itself. */
function isAddress(text: string): boolean {
  const [first = '', ...others] = text.split(',');
  const scheme = first.slice(0, first.indexOf('://'));
  return [first, ...others.map((node) => `${scheme}://${node}`)].every(
    (url) => URL.canParse(url) && new URL(url).host !== '',
  );
}

const kafkaName = matching(/^[A-Za-z0-9._-]{1,200}$/, 'is 1 to 200 letters, digits, dots, dashes and underscores');

const kafkaBrokers = text.check(
  z.refine((given) => given.split(',').every((broker) => /^[^\s,:]+:\d{1,5}$/.test(broker)), {
    error: 'is a list host:port,host:port',
  }),
);

const secret = text.check(z.minLength(16, { error: 'is a secret of at least 16 characters' }));

/** Every setting, with its default. `.env.example` lists them for people; a test holds the two together. */
const environmentSchema = z.object({
  POSTGRES_URL: z.optional(urlOf('the address of a Postgres', 'postgres', 'postgresql')),
  POSTGRES_MAX_POOL: z._default(integer(1, 1000), 10),
  REDIS_URL: z.optional(
    urlOf('the address of a Redis or a cluster', 'redis', 'rediss', 'redis-cluster', 'rediss-cluster'),
  ),
  REDIS_MAX_CONNECTIONS: z._default(integer(1, 100), 1),
  UPSTASH_REDIS_REST_URL: z.optional(urlOf('the address of an Upstash Redis', 'https', 'http')),
  UPSTASH_REDIS_REST_TOKEN: z.optional(text),
  KAFKA_BROKERS: z.optional(kafkaBrokers),
  KAFKA_TOPIC: z.optional(kafkaName),
  KAFKA_GROUP: z._default(kafkaName, 'feature-store'),
  AWS_REGION: z._default(text, 'us-east-1'),
  AWS_ENDPOINT_URL_DYNAMODB: z.optional(urlOf('the address of a DynamoDB', 'http', 'https')),
  DYNAMODB_TABLE_PREFIX: z._default(
    matching(/^[A-Za-z0-9_.-]{1,64}$/, 'is 1 to 64 letters, digits, dots, dashes and underscores'),
    'feature-store-',
  ),
  AWS_ENDPOINT_URL_KINESIS: z.optional(urlOf('the address of a Kinesis', 'http', 'https')),
  KINESIS_STREAM: z._default(
    matching(/^[A-Za-z0-9_.-]{1,128}$/, 'is 1 to 128 letters, digits, dots, dashes and underscores'),
    'feature-store',
  ),
  STREAM_BINDINGS: z._default(streamBindingsSchema, []),
  AWS_ENDPOINT_URL_S3: z.optional(urlOf('the address of an S3', 'http', 'https')),
  DEAD_LETTER_BUCKET: z.optional(matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is the name of a bucket')),
  ENVELOPE_SECRET: z.optional(secret),
  API_KEY_SECRET: z.optional(secret),
  PLATFORM_API_KEY: z.optional(secret),
  CACHE_TTL_SECONDS: z._default(integer(0, 31_536_000), 86_400),
  CACHE_GENERATION: z._default(integer(1, 1_000_000), 1),
  CACHE_TIMEOUT_MS: z._default(integer(1, 60_000), 250),
  CACHE_HOLD_MS: z._default(integer(0, 5000), 0),
  DEFAULT_REQUESTS_PER_SECOND: z._default(integer(0, 100_000), 0),
  DEFAULT_BURST: z._default(integer(0, 1_000_000), 0),
  DEFAULT_RETENTION_DAYS: z._default(integer(0, 36_500), 90),
  EVENT_TIME_TOLERANCE_SECONDS: z._default(integer(0, 3600), 60),
  // A text of JavaScript has at most 512 Mi characters, and while an answer goes out it is there twice.
  ANSWER_MAX_BYTES: z._default(integer(1_048_576, 268_435_456), 67_108_864),
  LOG_LEVEL: z._default(z.enum(logLevels, { error: `is one of ${logLevels.join(', ')}` }), 'info'),
  HOST: z._default(text, '127.0.0.1'),
  PORT: z._default(integer(0, 65_535), 8000),
  DATA_FOLDER: z._default(text, '.data'),
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
