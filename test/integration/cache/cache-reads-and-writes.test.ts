import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAbsence } from '../../../shared/cache/entry.ts';
import { encodeAbsence, epochOf, newestOf, type OnlineCache, writePartText } from '../../../shared/cache/index.ts';
import { DRIVERS, generation, newTenant, openForTest, readOne, rowOf } from './cache-setup.ts';

/** What stays when these are written one after the other. */
function fold(texts: readonly string[]): string | undefined {
  return texts.reduce<string | undefined>((stored, text) => newestOf(text, stored) ?? stored, undefined);
}

describe.each(Object.entries(DRIVERS))('the online cache %s', (driver, open) => {
  const isShared = driver !== 'in memory';
  let cache: OnlineCache;
  beforeAll(() => {
    cache = open({ ttlSeconds: 600, generation });
  });
  afterAll(() => cache.close());

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

  test('a row of an equal order stays', async () => {
    const tenantId = newTenant();
    const entry = { tenantId, entityType: 'user', entityId: 'one', field: 'view' };
    await cache.writeNewest([
      { ...entry, stored: rowOf(5, 6, 'first') },
      { ...entry, stored: rowOf(5, 6, 'second') },
    ]);
    await cache.writeNewest([{ ...entry, stored: rowOf(5, 6, 'third') }]);
    expect(await readOne(cache, tenantId, 'one', 'view')).toBe(rowOf(5, 6, 'first'));
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
      expect(await readOne(cache, tenantId, `at ${later}`, 'view')).toBe(rowOf(later, 0));
    }
  });

  test('a mark of absence replaces nothing but a mark, and any row replaces it', async () => {
    const tenantId = newTenant();
    const entry = { tenantId, entityType: 'user', entityId: 'one', field: 'view' };
    const [first, second] = [encodeAbsence(1_000_000), encodeAbsence(2_000_000)];
    await cache.writeNewest([{ ...entry, stored: second }]);
    await cache.writeNewest([{ ...entry, stored: first }]);
    expect(await readOne(cache, tenantId, 'one', 'view')).toBe(first);
    await cache.writeNewest([{ ...entry, stored: rowOf(-5, 0) }]);
    await cache.writeNewest([{ ...entry, stored: second }]);
    expect(await readOne(cache, tenantId, 'one', 'view')).toBe(rowOf(-5, 0));
  });

  test('entries of one call are written in their order, whatever they are', async () => {
    const text = fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.string()).map((row) => rowOf(...row)),
      fc.integer({ min: 0, max: 9 }).map((seconds) => encodeAbsence(seconds * 1_000_000)),
    );
    const part = fc.record({
      name: fc.integer({ min: 0, max: 3 }),
      revision: fc.integer({ min: 0, max: 5 }),
      text: fc.base64String({ maxLength: 8 }),
    });
    const partText = fc
      .tuple(
        fc.integer({ min: 1, max: 2 }),
        fc.uniqueArray(part, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
      )
      .map(([number, parts]) => writePartText({ kind: 7, number }, parts));
    const entityId = fc.constantFrom('one', 'two');
    const entry = fc.oneof(
      fc.record({ entityId, field: fc.constantFrom('a', 'b'), stored: text }),
      fc.record({ entityId, field: fc.constantFrom('p', 'q'), stored: partText }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 250 }), async (entries) => {
        const tenantId = newTenant();
        await cache.writeNewest(entries.map((each) => ({ tenantId, entityType: 'user', ...each })));
        const reads = ['one', 'two'].map((entityId) => ({
          tenantId,
          entityType: 'user',
          entityId,
          fields: ['a', 'b', 'p', 'q'],
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
    const second = isShared ? openForTest(open, { ttlSeconds: 600, generation }) : cache;
    await fc.assert(
      fc.asyncProperty(offers, async (texts) => {
        const tenantId = newTenant();
        const entry = { tenantId, entityType: 'user', entityId: 'one', field: 'view' };
        await Promise.all(
          texts.map((stored, index) => (index % 2 === 0 ? cache : second).writeNewest([{ ...entry, stored }])),
        );
        const kept = await readOne(cache, tenantId, 'one', 'view');
        const expected = fold(texts);
        // Of several marks the last stays, and which was last nobody knows.
        if (expected !== undefined && isAbsence(expected)) expect(texts).toContain(kept);
        else expect(kept).toBe(expected ?? null);
      }),
      { numRuns: 25 },
    );
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
    const epochNow = async (): Promise<number | null> =>
      epochOf((await cache.read([], [{ kind: 'epoch', tenantId }])).along[0]);
    expect(await epochNow()).toBe(null);
    await cache.publishEpoch(tenantId, 9);
    await cache.publishEpoch(tenantId, 8);
    expect(await epochNow()).toBe(9);
    await Promise.all([11, 10, 100, 12].map((epoch) => cache.publishEpoch(tenantId, epoch)));
    expect(await epochNow()).toBe(100);
  });

  test('it answers a ping', async () => {
    await cache.ping();
  });
});
