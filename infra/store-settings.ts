import * as z from 'zod';

const managedSchema = z.strictObject({
  profile: z.literal('managed'),
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
});

const secretName = z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, { error: 'is the name of a secret' });

const externalSchema = z
  .strictObject({
    profile: z.literal('external'),
    /** Of a Postgres of 17 or later that speaks TLS, such as Timescale Cloud: host, port and database. */
    postgres: z.string().regex(/^[a-z0-9.-]+:\d{1,5}\/[A-Za-z_][\w-]*$/, { error: 'is host:port/database' }),
    /** Of Secrets Manager, `{"username": "…", "password": "…"}`: a user that may make roles and owns the database. */
    postgresSecret: secretName,
    /** Of Secrets Manager: the address with its password, such as `rediss://default:…@name.upstash.io:6379`. */
    redisSecret: secretName.optional(),
    /** In place of it, of Upstash's REST interface: its address `https://name.upstash.io`, and its token. */
    upstashSecrets: z.strictObject({ url: secretName, token: secretName }).optional(),
  })
  .refine(({ redisSecret, upstashSecrets }) => (redisSecret === undefined) !== (upstashSecrets === undefined), {
    error: 'name one cache: redisSecret or upstashSecrets',
  });

/** What keeps values: managed by this deployment in a VPC of its own, or kept by others and named by secrets. */
export const storesSchema = z.discriminatedUnion('profile', [managedSchema, externalSchema]);

export type ManagedSettings = z.infer<typeof managedSchema>;
export type ExternalSettings = z.infer<typeof externalSchema>;
