import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { composeLocalDelivery } from '../../../functions/local/compose-delivery.ts';
import { createKafkaHandler } from '../../../functions/stream/handle-kafka.ts';
import { createKinesisHandler } from '../../../functions/stream/handle-kinesis.ts';
import { createRespCache, guardCache } from '../../../shared/cache/index.ts';
import { createFolderDeadLetters } from '../../../shared/delivery/index.ts';
import type { DynamoDb } from '../../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { readEnvironment } from '../../../shared/platform/environment.ts';
import { createLogger } from '../../../shared/platform/logger.ts';
import { migrate, readMigrations } from '../../../shared/platform/migrate.ts';
import { createPostgres } from '../../../shared/platform/postgres.ts';
import { createDynamoDb } from '../../../shared/platform/sdk-dynamodb.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import { absentKinesis } from '../../support/absent-kinesis.ts';
import {
  createFeatureStore,
  envelopeSecret,
  type TestFeatureStore,
  type TestTenant,
} from '../../support/feature-store.ts';
import { type RealStores, startStores } from '../local-process.ts';
import { definitionOf, noon, source, views } from './replay-stream.ts';

export interface ReplayWorld {
  readonly stores: RealStores;
  readonly store: TestFeatureStore;
  /** A tenant with the source and its views. */
  createTenant(): Promise<TestTenant>;
  /** A process of its own that handles records of this tenant, over stores at these ports. */
  consumer(tenant: TestTenant, ports?: { readonly postgres: number; readonly redis: number }): Promise<Consumer>;
  stop(): Promise<void>;
}

export interface Consumer {
  readonly kinesis: ReturnType<typeof createKinesisHandler>;
  readonly kafka: ReturnType<typeof createKafkaHandler>;
  deadLetters(): Promise<number>;
  close(): Promise<void>;
}

/** Stream and topic of the same name, both bound to the consumer's tenant. */
export const stream = 'purchases';

/** Real stores, whose time stands still. */
export async function startReplayWorld(): Promise<ReplayWorld> {
  const stores = await startStores();
  const folder = await mkdtemp(join(tmpdir(), 'feature-store-replay-'));
  const clock = { nowMicros: () => noon, arrivalMicros: () => noon };
  const admin = createPostgres({ url: stores.postgres.url, maxPool: 1, telemetry: silentTelemetry });
  await migrate(admin, await readMigrations(new URL('../../../shared/migrations/', import.meta.url).pathname));
  await admin.close();
  const open = async (postgresPort: number, redisPort: number): Promise<TestFeatureStore> => {
    const url = new URL(stores.postgres.url);
    url.port = String(postgresPort);
    const redisUrl = `redis://127.0.0.1:${redisPort}`;
    const cache = guardCache(createRespCache({ url: redisUrl, ttlSeconds: 3600, generation: 1, timeoutMillis: 5000 }));
    const dynamodb = await openDynamoDb(stores);
    return createFeatureStore({ clock, replace: { cache, postgresUrl: url.href, dynamodb } });
  };
  const store = await open(stores.postgres.port, stores.redis.port);

  return {
    stores,
    store,
    createTenant: async () => {
      const tenant = await store.createTenant();
      const register = async (path: string, body: unknown): Promise<void> => {
        const answer = await store.post(path, body, { key: tenant.key });
        expect(answer.status, answer.text).toBe(201);
      };
      await register('/api/v1/stream-sources', source);
      for (const view of views) await register('/api/v1/feature-views', definitionOf(view));
      return tenant;
    },
    consumer: async ({ ctx }, ports = { postgres: stores.postgres.port, redis: stores.redis.port }) => {
      const own = await open(ports.postgres, ports.redis);
      const deadLetters = createFolderDeadLetters(join(folder, crypto.randomUUID()));
      const bound = { tenant: ctx.tenantName, source: source.name };
      const deliver = composeLocalDelivery({
        environment: readEnvironment({
          STREAM_BINDINGS: JSON.stringify([
            { stream, ...bound },
            { topic: stream, ...bound },
          ]),
        }),
        stores: { ...own.databases, cache: own.cache, dynamodb: own.dynamodb, eventLog: absentKinesis() },
        core: own.core,
        clock,
        telemetry: silentTelemetry,
        logger: createLogger({ level: 'silent', buffered: false }),
        envelopeSecret,
        developmentTenants: [],
        deadLetters,
      });
      return {
        kinesis: createKinesisHandler(deliver),
        kafka: createKafkaHandler(deliver),
        deadLetters: async () => {
          let found = 0;
          for await (const _ of deadLetters.list('')) found += 1;
          return found;
        },
        close: () => own.close(),
      };
    },
    stop: async () => {
      await store.close();
      await stores.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openDynamoDb({ dynalite }: RealStores): Promise<DynamoDb> {
  const dynamodb = createDynamoDb({ region: 'us-east-1', endpoint: dynalite.url, tablePrefix: 'feature-store-' });
  await ensureTables(dynamodb);
  return dynamodb;
}
