import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { clusterSlot } from '../../../shared/cache/cluster-slot.ts';
import { createRespCache, type LimitAnswer, type LimitCommand, type OnlineCache } from '../../../shared/cache/index.ts';
import { limitAnswerOf } from '../../../shared/cache/limit-calls.ts';
import { textOn } from '../../../shared/cache/take-from-buckets.lua.ts';
import { takeFromBuckets } from '../../../shared/cache/take-from-buckets.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import { startRedisCluster } from '../../support/redis-cluster.ts';
import { DRIVERS, generation, newTenant, openForTest, rowOf, timeoutMillis } from './cache-setup.ts';

/** Rates of a request an hour: nothing comes back while a test runs. */
function limitOf(tenantId: string, ofTenant: number, ofKey?: { keyId: string; burst: number }): LimitCommand {
  const intervalMicros = 3_600_000_000;
  const buckets = [{ keyId: undefined, intervalMicros, burst: ofTenant }];
  if (ofKey === undefined) return { kind: 'limit', tenantId, buckets };
  return { kind: 'limit', tenantId, buckets: [{ ...ofKey, intervalMicros }, ...buckets] };
}

async function take(cache: OnlineCache, limit: LimitCommand): Promise<LimitAnswer> {
  const [answer] = (await cache.read([], [limit])).along;
  if (answer === null || typeof answer !== 'object') throw new Error('no answer about the limit');
  return answer;
}

/** Made again and again. */
function firstThat(make: () => string, isRight: (made: string) => boolean): string {
  for (;;) {
    const made = make();
    if (isRight(made)) return made;
  }
}

/** To every server of it, until the test is over. */
function connectTo(name: 'redisUrl' | 'redisClusterUrl'): [Redis, ...Redis[]] {
  const [first = '', ...others] = inject(name)
    .replace(/^[a-z-]+:\/\//, '')
    .split(',')
    .map((address) => `redis://${address}`);
  const clients: [Redis, ...Redis[]] = [new Redis(first), ...others.map((url) => new Redis(url))];
  onTestFinished(() => {
    for (const client of clients) client.disconnect();
  });
  return clients;
}

describe.each(Object.entries(DRIVERS))('limits in the cache %s', (_, open) => {
  let cache: OnlineCache;
  beforeAll(() => {
    cache = open({ ttlSeconds: 600, generation });
  });
  afterAll(() => cache.close());

  test('as many requests as the burst are taken, and each answer tells how many are left', async () => {
    const limit = limitOf(newTenant(), 3);
    const answers = [await take(cache, limit), await take(cache, limit), await take(cache, limit)];
    expect(answers.map(({ refusedBy }) => refusedBy)).toEqual([undefined, undefined, undefined]);
    expect(answers.map(({ buckets }) => buckets[0]?.remaining)).toEqual([2, 1, 0]);
    const refused = await take(cache, limit);
    expect(refused).toMatchObject({ refusedBy: 0, buckets: [{ remaining: 0 }] });
    expect(refused.retryMicros).toBeGreaterThan(3_500_000_000);
    expect(refused.retryMicros).toBeLessThanOrEqual(3_600_000_000);
  });

  test('what the key refuses takes nothing from the tenant, and the other way round', async () => {
    const tenantId = newTenant();
    const one = limitOf(tenantId, 3, { keyId: 'one', burst: 1 });
    const other = limitOf(tenantId, 3, { keyId: 'other', burst: 5 });
    expect((await take(cache, one)).refusedBy).toBeUndefined();
    expect((await take(cache, one)).refusedBy).toBe(0);
    expect((await take(cache, other)).buckets.map(({ remaining }) => remaining)).toEqual([4, 1]);
    expect((await take(cache, other)).refusedBy).toBeUndefined();
    expect((await take(cache, other)).refusedBy).toBe(1);
    expect((await take(cache, other)).buckets.map(({ remaining }) => remaining)).toEqual([3, 0]);
  });

  test('tenants and keys of the same name have buckets of their own', async () => {
    const [one, other] = [newTenant(), newTenant()];
    for (const tenantId of [one, other]) {
      expect((await take(cache, limitOf(tenantId, 2, { keyId: 'same', burst: 1 }))).refusedBy).toBeUndefined();
    }
  });

  test('it travels with a read, whose values are answered beside it', async () => {
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await cache.publishEpoch(tenantId, 7);
    await cache.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    const limit = limitOf(tenantId, 1);
    const reads = [
      { ...entity, fields: ['view'] },
      { ...entity, fields: [] },
      { ...entity, entityId: 'other', fields: ['view'] },
    ];
    const { reads: texts, along } = await cache.read(reads, [limit, { kind: 'epoch', tenantId }]);
    expect(texts).toEqual([[rowOf(5, 6)], [], [null]]);
    expect(along).toEqual([expect.objectContaining({ refusedBy: undefined }), 7]);
    expect((await cache.read(reads, [{ kind: 'epoch', tenantId }, limit])).along).toEqual([
      7,
      expect.objectContaining({ refusedBy: 0 }),
    ]);
  });

  test('of requests at the same time no more are taken than the burst', async () => {
    const limit = limitOf(newTenant(), 10);
    const answers = await Promise.all(Array.from({ length: 40 }, () => take(cache, limit)));
    expect(answers.filter(({ refusedBy }) => refusedBy === undefined)).toHaveLength(10);
  });
});

const SHARED = Object.entries(DRIVERS).filter(([name]) => name !== 'in memory');

test.each(SHARED)('processes on one cache %s share a limit', async (_, open) => {
  const caches = [1, 2].map(() => openForTest(open, { ttlSeconds: 600, generation }));
  const limit = limitOf(newTenant(), 7);
  const answers = await Promise.all(caches.flatMap((cache) => Array.from({ length: 10 }, () => take(cache, limit))));
  expect(answers.filter(({ refusedBy }) => refusedBy === undefined)).toHaveLength(7);
});

test.each(SHARED)('a server that lost the script takes the request all the same, %s', async (_, open) => {
  const cache = openForTest(open, { ttlSeconds: 600, generation });
  const servers = [...connectTo('redisUrl'), ...connectTo('redisClusterUrl')];
  const tenantId = newTenant();
  const limit = limitOf(tenantId, 2);
  const read = { tenantId, entityType: 'user', entityId: 'one', fields: ['view'] };
  await cache.writeNewest([{ ...read, field: 'view', stored: rowOf(5, 6) }]);
  for (const remaining of [1, 0]) {
    for (const server of servers) await server.script('FLUSH');
    const { reads, along } = await cache.read([read], [limit]);
    expect(reads).toEqual([[rowOf(5, 6)]]);
    expect(along).toEqual([expect.objectContaining({ buckets: [expect.objectContaining({ remaining })] })]);
  }
});

test.each(['redisUrl', 'redisClusterUrl'] as const)(
  'a limit that fails leaves the values of its read (%s)',
  async (name) => {
    const url = inject(name);
    const nodes = connectTo(name);
    const user = `user${randomUUID().replaceAll('-', '')}`;
    for (const node of nodes)
      await node.call('ACL', ['SETUSER', user, 'on', '>password', '~*', '+@all', '-eval', '-evalsha']);
    const options = { ttlSeconds: 600, generation };
    const open = (login: string): OnlineCache =>
      createRespCache({ url: url.replace('://', `://${login}`), timeoutMillis, ...options });
    const [writing, reading] = [
      openForTest(() => open(''), options),
      openForTest(() => open(`${user}:password@`), options),
    ];
    const tenantId = newTenant();
    const read = { tenantId, entityType: 'user', entityId: 'one', fields: ['view'] };
    await writing.writeNewest([{ ...read, field: 'view', stored: rowOf(5, 6) }]);
    const limit = limitOf(tenantId, 1);
    expect(await reading.read([read], [limit])).toEqual({ reads: [[rowOf(5, 6)]], along: [null] });
    await expect(reading.read([], [limit])).rejects.toBeInstanceOf(UnavailableError);
  },
);

test('where a cluster has lost the node of a limit, the values that others have are read without it', async () => {
  const cluster = await startRedisCluster();
  onTestFinished(() => cluster.stop());
  const cache = openForTest((options) => createRespCache({ url: cluster.url, timeoutMillis, ...options }), {
    ttlSeconds: 600,
    generation,
  });
  // The first node has the slots to 5460.
  const tenantId = firstThat(newTenant, (id) => clusterSlot(`{${id}}`) <= 5460);
  const entityId = firstThat(randomUUID, (id) => clusterSlot(`{${tenantId}:user:${id}}`) > 5460);
  const read = { tenantId, entityType: 'user', entityId, fields: ['view'] };
  await cache.writeNewest([{ ...read, field: 'view', stored: rowOf(5, 6) }]);
  const limit = limitOf(tenantId, 100);
  expect((await take(cache, limit)).refusedBy).toBeUndefined();
  await cluster.nodes[0]?.kill();
  await expect.poll(() => cache.read([read], [limit])).toEqual({ reads: [[rowOf(5, 6)]], along: [null] });
  await expect(cache.read([], [limit])).rejects.toBeInstanceOf(UnavailableError);
});

test('a bucket is forgotten once it is full again, so that tenants who went leave nothing', async () => {
  const open = DRIVERS['on one server'];
  if (open === undefined) throw new Error('no such driver');
  const cache = openForTest(open, { ttlSeconds: 600, generation });
  const [client] = connectTo('redisUrl');
  const tenantId = newTenant();
  await take(cache, { kind: 'limit', tenantId, buckets: [{ keyId: undefined, intervalMicros: 2_000_000, burst: 5 }] });
  const millis = await client.pttl(`fs${generation}:{${tenantId}}:limit`);
  expect(millis).toBeGreaterThan(0);
  expect(millis).toBeLessThanOrEqual(2000);
});

test('the script answers and keeps what the pure rule does, at any times', async () => {
  const [client] = connectTo('redisUrl');
  const text = textOn('{ ARGV[#ARGV - 1], ARGV[#ARGV] }');
  const secondsBefore = 1_767_225_600;
  const bucket = fc.record({
    keyId: fc.constant(undefined),
    intervalMicros: fc.oneof(
      fc.integer({ min: 10, max: 3_000_000 }),
      fc.integer({ min: 1, max: 100_000 }).map((perSecond) => 1_000_000 / perSecond),
    ),
    burst: fc.integer({ min: 1, max: 20 }),
  });
  const pauses = fc.array(fc.oneof(fc.integer({ min: -1000, max: 3_000_000 }), fc.constant(0)), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.array(bucket, { minLength: 1, maxLength: 2 }), pauses, async (buckets, gaps) => {
      const keys = buckets.map(() => randomUUID());
      let full: readonly (number | undefined)[] = [];
      let nowMicros = 28_000_000_000_000;
      for (const gap of gaps) {
        nowMicros += gap;
        const seconds = Math.floor(nowMicros / 1_000_000) + secondsBefore;
        const rates = buckets.flatMap(({ intervalMicros, burst }) => [intervalMicros, burst]);
        const args = [...keys, ...rates, seconds, nowMicros % 1_000_000];
        // Given again each time: what Redis keeps ends by its own clock, which is another than that of the test.
        const transaction = client.multi();
        for (const [place, key] of keys.entries()) {
          const micros = full[place];
          if (micros === undefined) transaction.del(key);
          else transaction.set(key, String(micros));
        }
        const replies = await transaction
          .eval(text, keys.length, ...args)
          .mget(...keys)
          .exec();
        const [[, reply], [, kept]] = [replies?.at(-2) ?? [], replies?.at(-1) ?? []];
        const taken = takeFromBuckets(buckets, full, nowMicros);
        full = taken.fullMicros;
        expect(limitAnswerOf(reply)).toEqual(taken.answer);
        const keptMicros = Array.isArray(kept) ? kept.map(Number) : [];
        // A bucket that is full now is kept or not: it is the same.
        expect(keptMicros.map((micros) => Math.max(micros, nowMicros))).toEqual(
          full.map((micros) => micros ?? nowMicros),
        );
      }
    }),
    { numRuns: 60 },
  );
});
