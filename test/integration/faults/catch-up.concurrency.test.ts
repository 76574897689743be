import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRespCache, guardCache } from '../../../shared/cache/index.ts';
import { catchUpCache } from '../../../shared/ingestion/index.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';

let redis: RedisServer;
let admin: Redis;
let store: TestFeatureStore;
let isGivenUp: boolean;
beforeEach(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  isGivenUp = false;
  const cache = guardCache(createRespCache({ url: redis.url, ttlSeconds: 3600, generation: 1, timeoutMillis: 100 }), {
    catchUp: (unguarded) => catchUpCache({ database: store.databases.writer, cache: unguarded }),
    onChange: (isOpen) => {
      isGivenUp = isOpen;
    },
  });
  store = await createFeatureStore({ replace: { cache } });
  const features = [{ name: 'count', dtype: 'int64' }];
  const registered = await store.post('/api/v1/feature-views', { name: 'counter', entity_type: 'user', features });
  expect(registered.status, registered.text).toBe(201);
});
afterEach(async () => {
  await store.close();
  admin.disconnect();
  await redis.stop();
});

test('one projection that fails has the cache left alone, and a Redis that thaws is believed when it has the row', async () => {
  await write(1);
  expect(await read()).toBe(1);
  redis.pause();
  await write(2);
  expect(isGivenUp).toBe(true);
  expect(await read()).toBe(2);
  redis.resume();
  await untilUsedAgain(2);
  expect(await cachedRow()).toContain(',2]');
});

test('a row is projected by whoever finds the cache back, with no write and no sweep after it', async () => {
  await write(1);
  redis.pause();
  await write(2);
  redis.resume();
  await untilUsedAgain(2);
  expect(await pendingProjections()).toBe(0);
});

test('a Redis that takes no writes is not read either, until it takes them again', async () => {
  await write(1);
  expect(await read()).toBe(1);
  await admin.config('SET', 'maxmemory', '1');
  await write(2);
  expect(isGivenUp).toBe(true);
  // Nor by a process that does not know.
  expect(await admin.exists(key())).toBe(0);
  for (let reads = 0; reads < 50; reads++) expect(await read()).toBe(2);
  await admin.config('SET', 'maxmemory', '0');
  await untilUsedAgain(2);
});

async function write(count: number): Promise<void> {
  const event_time = new Date().toISOString();
  const rows = [{ entity_id: 'u1', event_time, values: { count } }];
  const written = await store.post('/api/v1/features/ingest', { view: 'counter', rows });
  expect(written.status, written.text).toBe(200);
}

async function read(): Promise<unknown> {
  const answer = await store.post('/api/v1/features/online', { entity_id: 'u1', feature_names: ['count'] });
  expect(answer.status, answer.text).toBe(200);
  return answer.json.features.count;
}

/** Reads on, each of which must give the value, until the cache is used. */
async function untilUsedAgain(value: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const wasGivenUp = isGivenUp;
        expect(await read()).toBe(value);
        return wasGivenUp;
      },
      { timeout: 5000, interval: 1 },
    )
    .toBe(false);
  expect(await read()).toBe(value);
}

async function cachedRow(): Promise<string> {
  const [row = ''] = await admin.hvals(key());
  return row;
}

function key(): string {
  return `fs1:{${store.tenant.ctx.tenantId}:user:u1}`;
}

async function pendingProjections(): Promise<number> {
  const text = 'SELECT FROM feature_store.pending_projections WHERE tenant_id = $1';
  const values = [store.tenant.ctx.tenantId];
  return (await store.databases.writer.rows({ name: 'pending', text, values })).length;
}
