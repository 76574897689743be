import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import dynalite from 'dynalite';
import { createMemoryCache, type OnlineCache } from '../../shared/cache/index.ts';
import { createKinesisLog, type EventLog } from '../../shared/delivery/index.ts';
import { catchUpCache } from '../../shared/ingestion/index.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import type { Database } from '../../shared/platform/database.ts';
import type { DynamoDb } from '../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../shared/platform/dynamodb-tables.ts';
import type { Environment } from '../../shared/platform/environment.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import { createPglite } from '../../shared/platform/pglite.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { createDynamoDb } from '../../shared/platform/sdk-dynamodb.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { composeCache } from '../composition/core.ts';
import { composePostgres } from '../composition/postgres.ts';
import { type LocalKinesis, openKinesis } from './kinesis.ts';
import { lockFolder } from './lock-folder.ts';
import { StartError } from './start-error.ts';

export interface LocalStores {
  readonly dynamodb: DynamoDb;
  readonly cache: OnlineCache;
  /** Acting as the login itself, which may make roles. */
  readonly admin: Database;
  readonly owner: Database;
  /** The owner's, for a job whose statements may take minutes. */
  readonly maintenance: Database;
  readonly writer: Database;
  readonly reader: Database;
  readonly kinesis: LocalKinesis;
  readonly eventLog: EventLog;
  /** What stands behind each, for people. */
  readonly described: Readonly<Record<'postgres' | 'cache' | 'dynamodb' | 'kinesis', string>>;
  close(): Promise<void>;
}

export interface LocalStoreOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  /** Where embedded parts keep their data; in memory without it. */
  readonly folder: string | undefined;
}

/** The stores of a laptop: embedded, each replaced by a real one where its address is set. */
export async function openLocalStores(options: LocalStoreOptions): Promise<LocalStores> {
  const { environment } = options;
  const isEmbedded = environment.POSTGRES_URL === undefined || environment.AWS_ENDPOINT_URL_DYNAMODB === undefined;
  // Processes on the same real stores need no folder and may share one.
  if (options.folder !== undefined && isEmbedded) await takeFolder(options.folder);
  // First, since it takes longest to answer.
  const kinesis = await openKinesis(environment);
  const dynamo = await openDynamoDb(options);
  const postgres = await openPostgres(options);
  const cache = openCache(options, postgres.databases.writer);
  return {
    ...postgres.databases,
    dynamodb: dynamo.dynamodb,
    cache,
    kinesis,
    eventLog: createKinesisLog(kinesis.client, environment.KINESIS_STREAM),
    described: {
      postgres: postgres.described,
      cache: describeCache(environment),
      dynamodb: dynamo.described,
      kinesis: kinesis.described,
    },
    close: async () => {
      await kinesis.close();
      await cache.close();
      await postgres.close();
      await dynamo.close();
    },
  };
}

async function takeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await lockFolder(folder);
  } catch (error) {
    if (error instanceof StartError || !(error instanceof Error)) throw error;
    throw new StartError(`DATA_FOLDER ${JSON.stringify(folder)} is no folder to write to (${error.message}).`, error);
  }
}

function openCache({ environment, clock, logger }: LocalStoreOptions, database: Database): OnlineCache {
  const { CACHE_TTL_SECONDS: ttlSeconds, CACHE_GENERATION: generation } = environment;
  if (cacheSetting(environment) === undefined) return createMemoryCache({ clock, ttlSeconds, generation });
  try {
    return composeCache(environment, logger, {
      catchUp: (cache) => catchUpCache({ database, cache }),
    });
  } catch (error) {
    throw new StartError(
      `${cacheSetting(environment)}: ${error instanceof Error ? error.message : 'is no address'}.`,
      error,
    );
  }
}

/** The setting that names a real cache; undefined where none does. */
function cacheSetting(environment: Environment): 'REDIS_URL' | 'UPSTASH_REDIS_REST_URL' | undefined {
  if (environment.UPSTASH_REDIS_REST_URL !== undefined) return 'UPSTASH_REDIS_REST_URL';
  return environment.REDIS_URL === undefined ? undefined : 'REDIS_URL';
}

function describeCache(environment: Environment): string {
  const setting = cacheSetting(environment);
  return setting === undefined ? 'in memory' : `Redis (${setting})`;
}

async function openDynamoDb({ environment, folder }: LocalStoreOptions) {
  const settings = { region: environment.AWS_REGION, tablePrefix: environment.DYNAMODB_TABLE_PREFIX };
  if (environment.AWS_ENDPOINT_URL_DYNAMODB !== undefined) {
    const dynamodb = createDynamoDb({ ...settings, endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB });
    // Its tables are made when it is there: as a Postgres is migrated.
    return { dynamodb, described: 'AWS_ENDPOINT_URL_DYNAMODB', close: async () => dynamodb.client.destroy() };
  }
  const server = dynalite({
    createTableMs: 0,
    deleteTableMs: 0,
    ...(folder === undefined ? {} : { path: join(folder, 'dynamodb') }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('dynalite has no port'));
    });
  });
  const dynamodb = createDynamoDb({ ...settings, endpoint: `http://127.0.0.1:${port}` });
  await ensureTables(dynamodb);
  const close = async (): Promise<void> => {
    dynamodb.client.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { dynamodb, described: folder === undefined ? 'dynalite, in memory' : 'dynalite', close };
}

async function openPostgres({ environment, telemetry, logger, folder }: LocalStoreOptions) {
  const { POSTGRES_URL: url, POSTGRES_MAX_POOL: maxPool } = environment;
  if (url === undefined) {
    const pglite = await createPglite({
      telemetry,
      ...(folder === undefined ? {} : { folder: join(folder, 'postgres') }),
    });
    const databases = { admin: pglite, owner: pglite, maintenance: pglite, writer: pglite, reader: pglite };
    return { databases, described: folder === undefined ? 'PGlite, in memory' : 'PGlite', close: () => pglite.close() };
  }
  const as = (role: 'owner' | 'writer' | 'reader') => ({ url, telemetry, role: `feature_store_${role}` });
  const databases = {
    admin: createPostgres({ url, telemetry, maxPool: 1 }),
    owner: createPostgres({ ...as('owner'), maxPool: 4 }),
    maintenance: createPostgres({ ...as('owner'), maxPool: 1, statementTimeoutMillis: 600_000 }),
    // A second above what the migrations set on the roles.
    writer: composePostgres({ ...as('writer'), maxPool, queryTimeoutMillis: 10_000, readsOnly: false, logger }),
    reader: composePostgres({ ...as('reader'), maxPool, queryTimeoutMillis: 6_000, readsOnly: true, logger }),
  };
  const close = async (): Promise<void> => {
    await Promise.all(Object.values(databases).map((database) => database.close()));
  };
  return { databases, described: 'Postgres (POSTGRES_URL)', close };
}
