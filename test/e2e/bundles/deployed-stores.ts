import type { KinesisClient } from '@aws-sdk/client-kinesis';
import pg from 'pg';
import * as z from 'zod';
import { openKinesis } from '../../../functions/local/kinesis.ts';
import { createS3DeadLetters, type DeadLetterStore } from '../../../shared/delivery/index.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { createDynamoDb } from '../../../shared/platform/sdk-dynamodb.ts';
import { type DeployedFunction, functionsOf, type Templates } from '../../infra/synthesize.ts';
import { startDynalite } from '../../support/dynalite.ts';
import { freePort } from '../../support/free-port.ts';
import { startPostgres } from '../../support/postgres.ts';
import { startRedisCluster } from '../../support/redis-cluster.ts';
import { startS3 } from '../../support/s3.ts';
import { startUpstash } from '../../support/upstash.ts';
import { startSecretsManager } from './secrets-manager.ts';

export interface DeployedStores {
  /** The environment that the template gives the function, with the addresses of these stores. */
  environmentOf(name: string): Record<string, string>;
  /** The same, with a Postgres that is down. */
  environmentWithoutPostgres(name: string): Promise<Record<string, string>>;
  /** Of the stream that ingest writes to. */
  readonly kinesis: KinesisClient;
  /** Of the bucket of dead letters. */
  readonly deadLetters: DeadLetterStore;
  /** The same, where secrets name the cache, as in profile external: a Redis by its address, or Upstash's REST interface. */
  environmentWithSecretCache(name: string, kind: 'redis' | 'upstash'): Record<string, string>;
  /** Connections of Postgres under this `PGAPPNAME`. */
  connectionsOf(applicationName: string): Promise<number>;
  readonly platformKey: string;
  readonly envelopeSecret: string;
  stop(): Promise<void>;
}

const adminPassword = 'a-password-of-the-master';
const platformKey = 'a platform key of the tests';
const envelopeSecret = 'a secret of the tests, long enough';
const login = (username: string, password: string) => JSON.stringify({ username, password });

/** By the logical id in the template. */
const secrets: Readonly<Record<string, string>> = {
  Database: login('feature_store_admin', adminPassword),
  OwnerLogin: login('feature_store_owner', 'a-password-of-the-owner'),
  WriterLogin: login('feature_store_writer', 'a-password-of-the-writer'),
  ReaderLogin: login('feature_store_reader', 'a-password-of-the-reader'),
  ApiKeySecret: 'a pepper of the tests, long enough',
  PlatformApiKey: platformKey,
  EnvelopeSecret: envelopeSecret,
};
const arnOf = (id: string): string => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${id}`;

/** Real stores, empty and as they are just deployed: a Postgres whose master is no superuser, a Valkey cluster, tables. */
export async function startDeployedStores(templates: Templates): Promise<DeployedStores> {
  const secretTexts = new Map(Object.entries(secrets).map(([id, secret]) => [arnOf(id), secret]));
  const [postgres, redis, dynalite, kinesis, secretsManager, s3] = await Promise.all([
    startPostgres(),
    startRedisCluster(),
    startDynalite(),
    openKinesis({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_KINESIS: undefined }),
    startSecretsManager(secretTexts),
    startS3(madeName),
  ]);
  // One node is no cluster's cache, but it answers a ping.
  const upstash = await startUpstash(redis.nodes[0]?.url ?? '');
  secretTexts
    .set(arnOf('Redis'), redis.url)
    .set(arnOf('UpstashUrl'), upstash.url)
    .set(arnOf('UpstashToken'), upstash.token);
  await createMaster(postgres.url);
  const dynamodb = createDynamoDb({
    region: 'us-east-1',
    endpoint: dynalite.url,
    tablePrefix: 'feature-store-dev-',
  });
  await ensureTables(dynamodb);
  dynamodb.client.destroy();
  await kinesis.ensureStreams([madeName]);
  const endpoint = await kinesis.client.config.endpoint?.();

  const addresses = { POSTGRES_URL: `postgres://127.0.0.1:${postgres.port}/feature_store`, REDIS_URL: redis.url };
  const ofRuntime = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: dynalite.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_KINESIS: `http://127.0.0.1:${endpoint?.port}`,
    // As Lambda says of a process that no provisioned concurrency started.
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  };
  const environmentOf = (name: string): Record<string, string> => {
    const deployed = functionsOf(templates).find((candidate) => candidate.name === name);
    if (deployed === undefined) throw new Error(`no function ${name} is deployed`);
    return { ...environmentIn(deployed, addresses), ...ofRuntime };
  };
  return {
    connectionsOf: (applicationName) => countConnections(postgres.url, applicationName),
    platformKey,
    envelopeSecret,
    kinesis: kinesis.client,
    deadLetters: createS3DeadLetters({ bucket: madeName, region: 'us-east-1', endpoint: s3.url }),
    environmentOf,
    environmentWithSecretCache: (name, kind) => {
      const { REDIS_URL: _, ...others } = environmentOf(name);
      if (kind === 'redis') return { ...others, REDIS_URL_ARN: arnOf('Redis') };
      return {
        ...others,
        UPSTASH_REDIS_REST_URL_ARN: arnOf('UpstashUrl'),
        UPSTASH_REDIS_REST_TOKEN_ARN: arnOf('UpstashToken'),
      };
    },
    environmentWithoutPostgres: async (name) => ({
      ...environmentOf(name),
      POSTGRES_URL: `postgres://127.0.0.1:${await freePort()}/feature_store`,
    }),
    stop: async () => {
      await upstash.stop();
      await Promise.all([
        postgres.stop(),
        redis.stop(),
        dynalite.stop(),
        kinesis.close(),
        secretsManager.stop(),
        s3.stop(),
      ]);
    },
  };
}

/** Of what CloudFormation gives a name. */
export const madeName = 'made-name';

const tableName = z.string();
/** By its own ARN, or as the one that RDS makes with the database. */
const secretReference = z.union([
  z.object({ Ref: z.string() }).transform(({ Ref }) => Ref),
  z
    .object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('MasterUserSecret.SecretArn')]) })
    .transform(({ 'Fn::GetAtt': [id] }) => id),
]);

function environmentIn({ properties }: DeployedFunction, addresses: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties.Environment.Variables).map(([name, value]) => {
      if (name in addresses) return [name, addresses[name] ?? ''];
      // Names that CloudFormation makes.
      if (name === 'KINESIS_STREAM' || name === 'DEAD_LETTER_BUCKET') return [name, madeName];
      if (!name.endsWith('_ARN')) return [name, tableName.parse(value)];
      return [name, arnOf(secretReference.parse(value).replace(/[0-9A-F]{8}$/, ''))];
    }),
  );
}

async function countConnections(adminUrl: string, applicationName: string): Promise<number> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [
    applicationName,
  ]);
  await client.end();
  return rowCount ?? 0;
}

/** As RDS makes it: it may make roles and owns its database, and row-level security holds for it. */
async function createMaster(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`CREATE ROLE feature_store_admin LOGIN CREATEROLE CREATEDB PASSWORD '${adminPassword}'`);
  await client.query('CREATE DATABASE feature_store OWNER feature_store_admin');
  await client.end();
}
