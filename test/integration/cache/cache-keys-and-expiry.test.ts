import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { clusterSlot } from '../../../shared/cache/cluster-slot.ts';
import { createRespCache, encodeAbsence, type OnlineCache } from '../../../shared/cache/index.ts';
import { entityKey } from '../../../shared/cache/keys.ts';
import { DRIVERS, generation, newTenant, openForTest, readOne, rowOf, timeoutMillis } from './cache-setup.ts';

describe.each(Object.entries(DRIVERS))('the online cache %s', (_, open) => {
  let cache: OnlineCache;
  beforeAll(() => {
    cache = open({ ttlSeconds: 600, generation });
  });
  afterAll(() => cache.close());

  test('tenants, entity types and generations are apart', async () => {
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await cache.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    const others = [
      { ...entity, tenantId: newTenant(), fields: ['view'] },
      { ...entity, entityType: 'merchant', fields: ['view'] },
    ];
    expect((await cache.read(others, [])).reads).toEqual([[null], [null]]);
    const nextGeneration = openForTest(open, { ttlSeconds: 600, generation: generation + 1 });
    expect((await nextGeneration.read([{ ...entity, fields: ['view'] }], [])).reads).toEqual([[null]]);
  });

  test('any entity id is a key of its own', async () => {
    const tenantId = newTenant();
    const ids = [
      '{',
      '}',
      '{}',
      '}{',
      'a}b{c}',
      'a}b{d}',
      ':',
      'user:1',
      'user:1:',
      ' ',
      '  two  ',
      'line\r\nbreak',
      '*?[a]\\',
      'größe',
      '日本語',
      '👩‍👩‍👧',
      '\u0000',
      'x'.repeat(512),
      'é'.repeat(256),
      '$5',
    ];
    await cache.writeNewest(
      ids.map((entityId, index) => ({
        tenantId,
        entityType: 'user',
        entityId,
        field: 'view',
        stored: rowOf(index, 0, entityId),
      })),
    );
    const reads = ids.map((entityId) => ({ tenantId, entityType: 'user', entityId, fields: ['view'] }));
    const expected = ids.map((entityId, index) => [rowOf(index, 0, entityId)]);
    expect((await cache.read(reads, [])).reads).toEqual(expected);
    for (const [index, entityId] of ids.entries()) {
      expect(await readOne(cache, tenantId, entityId, 'view')).toBe(expected[index]?.[0]);
    }
  });

  test('invalidating drops all of the entity, and says whether there was anything', async () => {
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await cache.writeNewest(['a', 'b'].map((field) => ({ ...entity, field, stored: rowOf(5, 6) })));
    expect(await cache.invalidate(tenantId, 'user', 'two')).toBe(false);
    expect(await cache.invalidate(tenantId, 'user', 'one')).toBe(true);
    expect(await cache.invalidate(tenantId, 'user', 'one')).toBe(false);
    expect((await cache.read([{ ...entity, fields: ['a', 'b'] }], [])).reads).toEqual([[null, null]]);
  });

  test('an entity that is not written any more is forgotten, and its epoch', async () => {
    const brief = openForTest(open, { ttlSeconds: 0.1, generation });
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await brief.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    await brief.publishEpoch(tenantId, 3);
    await expect
      .poll(() => brief.read([{ ...entity, fields: ['view'] }], [{ kind: 'epoch', tenantId }]))
      .toEqual({ reads: [[null]], along: [null] });
  });

  test('without a time to live it keeps no entity, but epochs', async () => {
    const none = openForTest(open, { ttlSeconds: 0, generation });
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await none.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    await none.publishEpoch(tenantId, 3);
    const answer = await none.read([{ ...entity, fields: ['view'] }], [{ kind: 'epoch', tenantId }]);
    expect(answer).toEqual({ reads: [[null]], along: [3] });
    expect(await none.invalidate(tenantId, 'user', 'one')).toBe(false);
  });
});

describe.each([
  ['one server', () => [inject('redisUrl')]],
  ['a cluster', () => clusterHosts().map((host) => `redis://${host}`)],
])('in Redis, on %s', (kind, serverUrls) => {
  test('every key has an expiry, also after a write that changed nothing', async () => {
    const cache = createRespCache({
      url: kind === 'a cluster' ? inject('redisClusterUrl') : inject('redisUrl'),
      ttlSeconds: 600,
      generation,
      timeoutMillis,
    });
    onTestFinished(() => cache.close());
    const servers = serverUrls().map((url) => new Redis(url));
    onTestFinished(() => {
      for (const server of servers) server.disconnect();
    });
    const tenantId = newTenant();
    const ids = Array.from({ length: 300 }, (_, index) => `user_${index}`);
    const entry = { tenantId, entityType: 'user', field: 'view' };
    await cache.writeNewest(ids.map((entityId) => ({ ...entry, entityId, stored: rowOf(5, 6) })));
    await cache.publishEpoch(tenantId, 5);

    async function expiries(): Promise<number[]> {
      const found = servers.map(async (server) => {
        const keys = await server.keys(`fs${generation}:{${tenantId}*`);
        return Promise.all(keys.map((key) => server.pttl(key)));
      });
      return (await Promise.all(found)).flat();
    }
    const whole = { length: 301, isKept: true };
    const seen = (millis: number[]) => ({
      length: millis.length,
      isKept: millis.every((each) => each > 500_000 && each <= 600_000),
    });
    expect(seen(await expiries())).toEqual(whole);

    for (const server of servers) {
      for (const key of await server.keys(`fs${generation}:{${tenantId}*`)) await server.persist(key);
    }
    const mark = encodeAbsence(1_000_000);
    await cache.writeNewest(ids.map((entityId) => ({ ...entry, entityId, stored: mark })));
    await cache.publishEpoch(tenantId, 4);
    expect(seen(await expiries())).toEqual(whole);
  });
});

test('a slot is the one that Redis calculates', async () => {
  const redis = new Redis(`redis://${clusterHosts()[0]}`);
  onTestFinished(() => redis.disconnect());
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('{', '}', 'a', 'é') }),
      async (id, odd) => {
        for (const key of [entityKey(generation, 't_slots', 'user', id), odd]) {
          expect(clusterSlot(key)).toBe(await redis.cluster('KEYSLOT', key));
        }
      },
    ),
  );
});

function clusterHosts(): string[] {
  return inject('redisClusterUrl').replace('redis-cluster://', '').split(',');
}
