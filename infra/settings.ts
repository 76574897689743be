import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { storesSchema } from './store-settings.ts';
import { bindingsSchema, checkTopics, mskSchema } from './stream-settings.ts';

const functionNames = [
  ...['online', 'ingest', 'registry', 'stream', 'msk', 'replay'],
  ...['migrate', 'sweep', 'maintain', 'backfill'],
] as const;

const stageSchema = z
  .strictObject({
    /** Deletion protection, and the stores outlive their stack. */
    protectsData: z.boolean(),
    logRetentionDays: z.enum(RetentionDays),
    /** For as long as Postgres may be away without a loss. */
    streamRetentionDays: z.int().min(1).max(365).default(7),
    /** Batches of a shard at once, in the order of each partition key. */
    streamParallelization: z.int().min(1).max(10).default(1),
    deadLetterRetentionDays: z.int().min(1).max(3650).default(90),
    stores: storesSchema,
    online: z
      .strictObject({
        /** Processes kept started. 0 in an account whose concurrency limit is still the 10 of a new one. */
        provisionedConcurrency: z.int().min(0).max(1000),
        /** Up to how many are kept started while 70 % of them are busy. */
        maxProvisionedConcurrency: z.int().min(0).max(1000).default(0),
        /** For which a process answers rows of batch views by what it read of them before. */
        cacheHoldMillis: z.int().min(0).max(5000).default(0),
      })
      .transform(({ provisionedConcurrency: least, maxProvisionedConcurrency: most, cacheHoldMillis }) => ({
        cacheHoldMillis,
        provisionedConcurrency: least,
        maxProvisionedConcurrency: Math.max(least, most),
      })),
    /** Processes at most of a function, taken from what the account may run: AWS refuses to leave the others fewer than 100. */
    reservedConcurrency: z.partialRecord(z.enum(functionNames), z.int().min(1).max(10_000)).default({}),
    api: z.strictObject({
      requestsPerSecond: z.int().min(1),
      burst: z.int().min(1),
      /**
       * Of a tenant that was given no limit of its own: half of what all together may where it is left out, so that none of them
       * can take it all; 0 for none.
       */
      tenantRequestsPerSecond: z.int().min(0).max(100_000).optional(),
      /** As many as in a second where it is left out. */
      tenantBurst: z.int().min(1).max(1_000_000).optional(),
      /**
       * A new version answers a tenth of the calls for five minutes before it answers all, and goes where an alarm sounds.
       * False for what mends a service whose alarms sound already.
       */
      canary: z.boolean().default(true),
      /** A name of one's own, with its certificate of ACM in the same region. */
      domain: z
        .strictObject({ name: z.hostname(), certificateArn: z.string().regex(/^arn:aws[a-z-]*:acm:/) })
        .optional(),
      /** Origins whose pages may call the API. None by default: a key in a page is anybody's. */
      corsOrigins: z.array(z.url()).default([]),
    }),
    /** Who is told of alarms. AWS asks the address to confirm. */
    alarmEmail: z.email().optional(),
    slo: z
      .strictObject({
        /** Share of requests that are answered without a fault of ours. */
        availability: z.number().min(0.9).max(0.99999).default(0.999),
        /** Share of online reads that take `latencyMillis` at most. */
        latencyShare: z.number().min(0.5).max(0.9999).default(0.99),
        latencyMillis: z.int().min(1).max(10_000).default(100),
      })
      .prefault({}),
    /** Beside `service` and `stage`. */
    tags: z.record(z.string().regex(/^[\w .:/=+@-]{1,128}$/), z.string().max(256)).default({}),
    streamBindings: bindingsSchema,
    msk: mskSchema,
  })
  .superRefine(checkTopics)
  .refine(({ stores, msk }) => stores.profile === 'managed' || msk === undefined || msk.clusterArn !== undefined, {
    path: ['msk'],
    error: 'makes a cluster in the VPC, which profile external has not: name a cluster by its clusterArn',
  });

const contextSchema = z
  .object({
    stage: z.string().regex(/^[a-z][a-z0-9-]{0,15}$/, { error: 'is 1 to 16 small letters, digits and dashes' }),
    stages: z.record(z.string(), stageSchema),
    /** Left out, a synthesized app can be deployed wherever the credentials are. */
    account: z
      .string()
      .regex(/^\d{12}$/)
      .optional(),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
      .optional(),
  })
  .transform(({ stages, ...chosen }, context) => {
    const ofStage = stages[chosen.stage];
    if (ofStage !== undefined) return { ...chosen, ...ofStage };
    context.addIssue({ code: 'custom', path: ['stage'], message: `is one of ${Object.keys(stages).join(', ')}` });
    return z.NEVER;
  });

export type Settings = z.infer<typeof contextSchema>;

/** The settings of one stage out of the context of cdk.json and `-c`. Throws with one line per mistake. */
export function parseSettings(context: Readonly<Record<string, unknown>>): Settings {
  const parsed = contextSchema.safeParse(context);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map(({ path, message }) => `context ${path.join('.')} ${message}`).join('\n'));
}

/** Of a tenant that was given no limit of its own. */
export function tenantLimit({ api }: Settings): { readonly requestsPerSecond: number; readonly burst: number } {
  const half = Math.min(100_000, Math.ceil(api.requestsPerSecond / 2));
  const { tenantRequestsPerSecond: requestsPerSecond = half, tenantBurst: burst = requestsPerSecond } = api;
  return { requestsPerSecond, burst };
}

/** What every physical name of the stage begins with. */
export function namePrefix({ stage }: Settings): string {
  return `feature-store-${stage}`;
}

/** By which it calls itself in its metrics, too. */
export function functionNameOf(settings: Settings, name: (typeof functionNames)[number]): string {
  return `${namePrefix(settings)}-${name}`;
}
