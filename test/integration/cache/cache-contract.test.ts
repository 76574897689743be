import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { clusterSlot } from '../../../shared/cache/cluster-slot.ts';
import { isAbsence, replaces } from '../../../shared/cache/entry.ts';
import {
  type CacheOptions,
  createMemoryCache,
  createRespCache,
  encodeAbsence,
  guardCache,
  type OnlineCache,
} from '../../../shared/cache/index.ts';
import { entityKey } from '../../../shared/cache/keys.ts';
import { createSystemClock } from '../../../shared/platform/clock.ts';

const generation = 1;

// Longer than in production: not the time-out is tested here, and the machine may be busy.
const timeoutMillis = 5000;

const DRIVERS: Record<string, (options: CacheOptions) => OnlineCache> = {
  'in memory': (options) => createMemoryCache({ clock: createSystemClock(), ...options }),
  'on one server': (options) => createRespCache({ url: inject('redisUrl'), timeoutMillis, ...options }),
  'on one server over three connections': (options) =>
    createRespCache({ url: inject('redisUrl'), timeoutMillis, maxConnections: 3, ...options }),
  'on a cluster': (options) => createRespCache({ url: inject('redisClusterUrl'), timeoutMillis, ...options }),
  'on a cluster, behind the breaker': (options) =>
    guardCache(createRespCache({ url: inject('redisClusterUrl'), timeoutMillis, ...options })),
};

function newTenant(): string {
  return `t_${randomBytes(6).toString('hex')}`;
}

function rowOf(event: number, created: number, value: unknown = null): string {
  return JSON.stringify([event, created, 1, value]);
}

/** What stays when these are written one after the other. */
function fold(texts: readonly string[]): string | undefined {
  return texts.reduce<string | undefined>((stored, text) => (replaces(text, stored) ? text : stored), undefined);
}

describe.each(Object.entries(DRIVERS))('the online cache %s', (driver, open) => {
  const isShared = driver !== 'in memory';
  let cache: OnlineCache;
  beforeAll(() => {
    cache = open({ ttlSeconds: 600, generation });
  });
  afterAll(() => cache.close());

  function opened(options: CacheOptions): OnlineCache {
    const other = open(options);
    onTestFinished(() => other.close());
    return other;
  }

  async function readOne(tenantId: string, entityId: string, field: string): Promise<string | null | undefined> {
    const answer = await cache.read([{ tenantId, entityType: 'user', entityId, fields: [field] }], []);
    return answer.reads[0]?.[0];
  }

  test('what was written is read, field by field, and null for what was not', async () => {
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await cache.writeNewest([
      { ...entity, field: 'profile_v1', stored: rowOf(5, 6, 'ü, "quoted" ]') },
      { ...entity, field: 'clicks_v2', stored: rowOf(7, 8) },
    ]);
    const { reads } = await cache.read([{ ...entity, fields: ['clicks_v2', 'nothing_v1', 'profile_v1'] }], []);
    expect(reads).toEqual([[rowOf(7, 8), null, rowOf(5, 6, 'ü, "quoted" ]')]]);
  });

  test('tenants, entity types and generations are apart', async () => {
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await cache.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    const others = [
      { ...entity, tenantId: newTenant(), fields: ['view'] },
      { ...entity, entityType: 'merchant', fields: ['view'] },
    ];
    expect((await cache.read(others, [])).reads).toEqual([[null], [null]]);
    const nextGeneration = opened({ ttlSeconds: 600, generation: generation + 1 });
    expect((await nextGeneration.read([{ ...entity, fields: ['view'] }], [])).reads).toEqual([[null]]);
  });

  test('a row of an equal order stays', async () => {
    const tenantId = newTenant();
    const entry = { tenantId, entityType: 'user', entityId: 'one', field: 'view' };
    await cache.writeNewest([
      { ...entry, stored: rowOf(5, 6, 'first') },
      { ...entry, stored: rowOf(5, 6, 'second') },
    ]);
    await cache.writeNewest([{ ...entry, stored: rowOf(5, 6, 'third') }]);
    expect(await readOne(tenantId, 'one', 'view')).toBe(rowOf(5, 6, 'first'));
  });

  test('one microsecond decides, also before 1970 and in 2255', async () => {
    const tenantId = newTenant();
    const entry = { tenantId, entityType: 'user', field: 'view' };
    const orders = [
      [-10, -9],
      [1_700_000_000_000_000, 1_700_000_000_000_001],
      [9_007_199_254_740_990, 9_007_199_254_740_991],
    ] as const;
    for (const [earlier, later] of orders) {
      const offered = [rowOf(later, 0), rowOf(earlier, 9), rowOf(later, -1)];
      await cache.writeNewest(offered.map((stored) => ({ ...entry, entityId: `at ${later}`, stored })));
      expect(await readOne(tenantId, `at ${later}`, 'view')).toBe(rowOf(later, 0));
    }
  });

  test('a mark of absence replaces nothing but a mark, and any row replaces it', async () => {
    const tenantId = newTenant();
    const entry = { tenantId, entityType: 'user', entityId: 'one', field: 'view' };
    const [first, second] = [encodeAbsence(1_000_000), encodeAbsence(2_000_000)];
    await cache.writeNewest([{ ...entry, stored: second }]);
    await cache.writeNewest([{ ...entry, stored: first }]);
    expect(await readOne(tenantId, 'one', 'view')).toBe(first);
    await cache.writeNewest([{ ...entry, stored: rowOf(-5, 0) }]);
    await cache.writeNewest([{ ...entry, stored: second }]);
    expect(await readOne(tenantId, 'one', 'view')).toBe(rowOf(-5, 0));
  });

  test('entries of one call are written in their order, whatever they are', async () => {
    const text = fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.string()).map((row) => rowOf(...row)),
      fc.integer({ min: 0, max: 9 }).map((seconds) => encodeAbsence(seconds * 1_000_000)),
    );
    const entry = fc.record({
      entityId: fc.constantFrom('one', 'two'),
      field: fc.constantFrom('a', 'b'),
      stored: text,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 250 }), async (entries) => {
        const tenantId = newTenant();
        await cache.writeNewest(entries.map((each) => ({ tenantId, entityType: 'user', ...each })));
        const reads = ['one', 'two'].map((entityId) => ({
          tenantId,
          entityType: 'user',
          entityId,
          fields: ['a', 'b'],
        }));
        const expected = reads.map(({ entityId, fields }) =>
          fields.map((field) => {
            const own = entries.filter((each) => each.entityId === entityId && each.field === field);
            return fold(own.map(({ stored }) => stored)) ?? null;
          }),
        );
        expect((await cache.read(reads, [])).reads).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  test('writers at the same time, in any order, leave the newest row', async () => {
    const order = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }));
    const offers = fc
      .record({ orders: fc.array(order, { maxLength: 20 }), marks: fc.nat(3) })
      .chain(({ orders, marks }) => {
        const texts = [
          ...orders.map(([event, created]) => rowOf(event, created)),
          ...Array.from({ length: marks }, (_, index) => encodeAbsence(index * 1_000_000)),
        ];
        return fc.shuffledSubarray(texts, { minLength: texts.length });
      });
    // In memory there is no second process.
    const second = isShared ? opened({ ttlSeconds: 600, generation }) : cache;
    await fc.assert(
      fc.asyncProperty(offers, async (texts) => {
        const tenantId = newTenant();
        const entry = { tenantId, entityType: 'user', entityId: 'one', field: 'view' };
        await Promise.all(
          texts.map((stored, index) => (index % 2 === 0 ? cache : second).writeNewest([{ ...entry, stored }])),
        );
        const kept = await readOne(tenantId, 'one', 'view');
        const expected = fold(texts);
        // Of several marks the last stays, and which was last nobody knows.
        if (expected !== undefined && isAbsence(expected)) expect(texts).toContain(kept);
        else expect(kept).toBe(expected ?? null);
      }),
      { numRuns: 25 },
    );
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
      expect(await readOne(tenantId, entityId, 'view')).toBe(expected[index]?.[0]);
    }
  });

  test('many entities are answered in the order asked, with those twice that were asked twice', async () => {
    const tenantId = newTenant();
    const ids = Array.from({ length: 1000 }, (_, index) => `user_${index}`);
    await cache.writeNewest(
      ids.map((entityId, index) => ({
        tenantId,
        entityType: 'user',
        entityId,
        field: 'view',
        stored: rowOf(index, 0, entityId),
      })),
    );
    const asked = [...ids.toReversed(), 'nobody', ...ids.slice(0, 5)];
    const { reads } = await cache.read(
      asked.map((entityId) => ({ tenantId, entityType: 'user', entityId, fields: ['view', 'other'] })),
      [],
    );
    expect(reads).toEqual(
      asked.map((id) => [id === 'nobody' ? null : rowOf(Number(id.slice('user_'.length)), 0, id), null]),
    );
  });

  test('side commands are answered with the read, in order, and without one', async () => {
    const [known, unknown] = [newTenant(), newTenant()];
    const entity = { tenantId: known, entityType: 'user', entityId: 'one' };
    await cache.publishEpoch(known, 7);
    await cache.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    const along = [unknown, known, unknown, known].map((tenantId) => ({ kind: 'epoch' as const, tenantId }));
    const epochs = [null, 7, null, 7];
    expect(await cache.read([{ ...entity, fields: ['view'] }], along)).toEqual({
      reads: [[rowOf(5, 6)]],
      along: epochs,
    });
    expect(await cache.read([], along)).toEqual({ reads: [], along: epochs });
  });

  test('a read of nothing is answered', async () => {
    const entity = { tenantId: newTenant(), entityType: 'user', entityId: 'one' };
    expect(await cache.read([], [])).toEqual({ reads: [], along: [] });
    expect(await cache.read([{ ...entity, fields: [] }], [])).toEqual({ reads: [[]], along: [] });
    const mixed = [
      { ...entity, fields: [] },
      { ...entity, fields: ['view'] },
    ];
    expect((await cache.read(mixed, [])).reads).toEqual([[], [null]]);
    await cache.writeNewest([]);
  });

  test('an epoch only rises, also when it is published by many at the same time', async () => {
    const tenantId = newTenant();
    const epochNow = async (): Promise<number | null | undefined> =>
      (await cache.read([], [{ kind: 'epoch', tenantId }])).along[0];
    expect(await epochNow()).toBe(null);
    await cache.publishEpoch(tenantId, 9);
    await cache.publishEpoch(tenantId, 8);
    expect(await epochNow()).toBe(9);
    await Promise.all([11, 10, 100, 12].map((epoch) => cache.publishEpoch(tenantId, epoch)));
    expect(await epochNow()).toBe(100);
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
    const brief = opened({ ttlSeconds: 0.1, generation });
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await brief.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    await brief.publishEpoch(tenantId, 3);
    await expect
      .poll(() => brief.read([{ ...entity, fields: ['view'] }], [{ kind: 'epoch', tenantId }]))
      .toEqual({ reads: [[null]], along: [null] });
  });

  test('without a time to live it keeps no entity, but epochs', async () => {
    const none = opened({ ttlSeconds: 0, generation });
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: 'one' };
    await none.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
    await none.publishEpoch(tenantId, 3);
    const answer = await none.read([{ ...entity, fields: ['view'] }], [{ kind: 'epoch', tenantId }]);
    expect(answer).toEqual({ reads: [[null]], along: [3] });
    expect(await none.invalidate(tenantId, 'user', 'one')).toBe(false);
  });

  test('it answers a ping', async () => {
    await cache.ping();
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
