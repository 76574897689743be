import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startUpstash, type UpstashServer } from '../support/upstash.ts';
import { faultsLogged, type LocalProcess, startLocal, until } from './local-process.ts';

let redis: RedisServer;
let upstash: UpstashServer;
let local: LocalProcess;
beforeAll(async () => {
  redis = await startRedis();
  upstash = await startUpstash(redis.url);
  local = await startLocal(
    // The default of 100 ms is for a machine that does nothing else.
    { UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: upstash.token, CACHE_TIMEOUT_MS: '1000' },
    { args: ['--memory', '--no-seed'] },
  );
});
afterAll(async () => {
  await local?.stop();
  await upstash?.stop();
  await redis?.stop();
});

/** Rows that reads found in the cache, and that they did not, since the start. */
async function counts(): Promise<{ hits: number; misses: number }> {
  const { text } = await metrics();
  const count = (name: string): number =>
    Number(new RegExp(`^feature_store_cache_${name}_total (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { hits: count('hits'), misses: count('misses') };
}

const metrics = async (): Promise<{ text: string }> => ({ text: await (await fetch(`${local.url}/metrics`)).text() });

test('the process says that its cache is the one of Upstash’s address', () => {
  expect(local.child.output()).toContain('cache: Redis (UPSTASH_REDIS_REST_URL)');
});

test('over Upstash a view is registered, its rows are ingested, read, dropped and read again', async () => {
  const registered = await local.post('/api/v1/feature-views', {
    name: 'profile',
    entity_type: 'user',
    features: [
      { name: 'age', dtype: 'int64' },
      { name: 'city', dtype: 'string' },
    ],
  });
  expect(registered.status, registered.text).toBe(201);
  const city = 'Zürich 日本 "👩‍👩‍👧"';
  const ingested = await local.ingest('profile', { u1: { age: 31, city } });
  expect(ingested.json).toEqual({ accepted: 1, rejected: [] });

  const readCity = () => local.read('u1', ['age', 'city']);
  expect((await readCity()).json.features).toEqual({ age: 31, city });
  expect(await counts()).toEqual({ hits: 1, misses: 0 });

  const dropped = await local.request('DELETE', '/api/v1/cache/invalidate/u1');
  expect(dropped.json).toEqual({ entity_id: 'u1', invalidated: true });
  expect((await local.request('DELETE', '/api/v1/cache/invalidate/u1')).json.invalidated).toBe(false);
  expect((await readCity()).json.features).toEqual({ age: 31, city });
  expect(await counts()).toEqual({ hits: 1, misses: 1 });
  expect((await readCity()).json.features).toEqual({ age: 31, city });
  expect(await counts()).toEqual({ hits: 2, misses: 1 });

  const unknown = await local.read('nobody', ['age']);
  expect(unknown.json.metadata.age.status).toBe('NOT_FOUND');
});

test('while Upstash does not answer Postgres does, and what was written meanwhile is read when it is back', async () => {
  redis.pause();
  const written = await local.ingest('profile', { u1: { age: 32, city: 'Bern' } });
  expect(written.json).toEqual({ accepted: 1, rejected: [] });
  const read = await local.read('u1', ['age']);
  expect([read.status, read.json.features]).toEqual([200, { age: 32 }]);

  redis.resume();
  const before = await counts();
  await until('the cache answers again', 10_000, async () => {
    const answer = await local.read('u1', ['age']);
    expect(answer.json.features).toEqual({ age: 32 });
    return (await counts()).hits > before.hits;
  });
  expect(faultsLogged(local)).toEqual([]);
});
