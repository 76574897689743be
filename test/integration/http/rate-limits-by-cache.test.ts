import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { startRedis } from '../../support/redis.ts';
import {
  expectTaken,
  limitedKey,
  limitedTenant,
  openCache,
  readOf,
  slow,
  untilRefused,
  view,
} from './rate-limits-setup.ts';

describe.each(['redis', 'cluster', 'upstash', 'memory'] as const)('limits with the cache %s', (cache) => {
  let store: TestFeatureStore;
  beforeAll(async () => {
    store = await createFeatureStore({ cache });
    await store.post('/api/v1/feature-views', view);
  });
  afterAll(() => store.close());

  test('a key reads as often as its limit says, is told what is left, and when to come again', async () => {
    const key = await limitedKey(store, slow(4));
    const startedAt = performance.now();
    const { taken, refused } = await untilRefused(readOf(store, key));
    expectTaken(taken, 4, startedAt);
    expect(taken[0]?.status).toBe(200);
    expect(taken[0]?.headers.get('ratelimit-policy')).toBe('"key";q=4;w=4');
    expect(taken[0]?.headers.get('ratelimit')).toBe('"key";r=3;t=1');
    expect(refused.headers.get('ratelimit-policy')).toBe('"key";q=4;w=4');
    expect(refused.headers.get('ratelimit')).toBe('"key";r=0;t=4');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.json).toMatchObject({
      status: 429,
      code: 'rate_limited',
      limit: 'key',
      detail: "the key's limit of 1 requests a second, 4 at once, is reached",
    });
    expect(refused.json.retry_after_ms).toBeGreaterThan(0);
    expect(refused.json.retry_after_ms).toBeLessThanOrEqual(1000);
  });

  test('the keys of a tenant share its limit, and another tenant is not touched by it', async () => {
    const limited = await limitedTenant(store, slow(3));
    const other = await limitedTenant(store, slow(3));
    const second = await store.post('/api/v1/api-keys', { scopes: ['read'] }, { key: limited.key });
    expect(second.headers.get('ratelimit-policy')).toBe('"tenant";q=3;w=3');
    const startedAt = performance.now();
    const list = (key: string) => () => store.get('/api/v1/features', { key });
    const { taken, refused } = await untilRefused(list(second.json.key));
    expectTaken(taken, 2, startedAt);
    expect(refused.json.limit).toBe('tenant');
    const { refused: first } = await untilRefused(list(limited.key));
    expect(first.json.limit).toBe('tenant');
    expect((await store.get('/api/v1/features', { key: other.key })).status).toBe(200);
  });

  test('with a limit of both, headers tell both, and what one refuses leaves the other', async () => {
    const tenant = await limitedTenant(store, slow(100));
    const made = await store.post(
      '/api/v1/api-keys',
      { scopes: ['read'], rate_limit: { requests_per_second: 1, burst: 2 } },
      { key: tenant.key },
    );
    const { taken, refused } = await untilRefused(() => store.get('/api/v1/features', { key: made.json.key }));
    expect(taken[0]?.headers.get('ratelimit-policy')).toBe('"key";q=2;w=2, "tenant";q=100;w=100');
    expect(taken[0]?.headers.get('ratelimit')).toMatch(/^"key";r=1;t=1, "tenant";r=9\d;t=\d$/);
    expect(refused.json.limit).toBe('key');
    for (let more = 0; more < 20; more++) await store.get('/api/v1/features', { key: made.json.key });
    const after = await store.get('/api/v1/features', { key: tenant.key });
    const left = Number(after.headers.get('ratelimit')?.match(/r=(\d+)/)?.[1]);
    // That which made the key, those taken of it, and this one; what came back in the meantime may be more.
    expect(left).toBeGreaterThanOrEqual(100 - 2 - taken.length - 2);
  });

  test('requests that fail for another reason count too', async () => {
    const key = await limitedKey(store, slow(2));
    const wrong = [
      () => store.request('POST', '/api/v1/features/online', { key, rawBody: 'no JSON' }),
      () => store.post('/api/v1/features/online', { entity_id: 'u1', feature_names: ['unknown'] }, { key }),
    ];
    for (const ask of wrong) {
      const { taken } = await untilRefused(ask);
      for (const answer of taken) {
        expect([400, 404]).toContain(answer.status);
        expect(answer.headers.get('ratelimit')).toMatch(/^"key";r=\d;t=\d$/);
      }
    }
  });
});

test('while the cache is away the process counts by itself, and by the cache again when it is back', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const cache = openCache(redis.url);
  const store = await createFeatureStore({ replace: { cache } });
  onTestFinished(() => store.close());
  await store.post('/api/v1/feature-views', view);
  const takesABurst = async (): Promise<void> => {
    const key = await limitedKey(store, slow(5));
    const startedAt = performance.now();
    const { taken, refused } = await untilRefused(readOf(store, key));
    expectTaken(taken, 5, startedAt);
    expect(taken.map(({ status }) => status)).toEqual(taken.map(() => 200));
    expect(refused.json.limit).toBe('key');
  };
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  client.on('error', () => {});
  const counted = async (): Promise<number> => (await client.keys('*:limit:*')).length;

  await takesABurst();
  expect(await counted()).toBe(1);
  await redis.kill();
  await takesABurst();
  await redis.start();
  await expect
    .poll(() => cache.read([{ ...store.tenant.ctx, entityType: 'a', entityId: 'b', fields: ['c'] }], []))
    .toBeDefined();
  await takesABurst();
  // It has forgotten all, but what it counted just now.
  expect(await counted()).toBe(1);
});
