import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import { bindingsSchema, checkTopics, mskSchema } from './stream-settings.ts';

const stageSchema = z
  .strictObject({
    /** Deletion protection, and the stores outlive their stack. */
    protectsData: z.boolean(),
    logRetentionDays: z.enum(RetentionDays),
    database: z.strictObject({
      /** Aurora capacity units of 2 GiB. Not 0: waking up takes 15 s, and a request waits 2 s for a connection. */
      minCapacity: z.number().min(0.5).max(256).multipleOf(0.5),
      maxCapacity: z.number().min(1).max(256).multipleOf(0.5),
      /** Replicas in the other zone, which take over when the writer fails. */
      readers: z.int().min(0).max(15),
    }),
    cache: z.strictObject({
      maxGigabytes: z.int().min(1).max(5000),
      maxEcpuPerSecond: z.int().min(1000).max(15_000_000),
    }),
    online: z.strictObject({
      /** Processes kept started. 0 in an account whose concurrency limit is still the 10 of a new one. */
      provisionedConcurrency: z.int().min(0).max(1000),
    }),
    api: z.strictObject({
      requestsPerSecond: z.int().min(1),
      burst: z.int().min(1),
    }),
    streamBindings: bindingsSchema,
    msk: mskSchema,
  })
  .superRefine(checkTopics);

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

/** What every physical name of the stage begins with. */
export function namePrefix({ stage }: Settings): string {
  return `feature-store-${stage}`;
}
