import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Queryable } from '../../../shared/platform/database.ts';
import { readAsOf } from '../../../shared/values/index.ts';
import { createWorld, start, type World } from '../semantics/semantics-setup.ts';
import { day } from './storage-setup.ts';

let world: World;
let view: string;
beforeAll(async () => {
  world = await createWorld();
  view = await world.view(['a']);
  // An entity with a row in the middle of each of 24 months, and others with few.
  const months = Array.from({ length: 24 }, (_, ago) => Date.UTC(2026, 5 - ago, 15) * 1000);
  await world.write(view, [
    ...months.map((micros) => ['often', micros, { a: 1 }] as const),
    ['once', Date.UTC(2024, 6, 15) * 1000, { a: 2 }],
    ['seldom', Date.UTC(2024, 7, 15) * 1000, { a: 3 }],
    ['seldom', Date.UTC(2026, 4, 15) * 1000, { a: 4 }],
  ]);
});
afterAll(() => world.store.close());

/** The months of the partitions that a read locks, which are those that it plans. */
async function monthsLocked(
  places: readonly (readonly [entityId: string, asOfMicros: number])[],
  knownAtMicros?: number,
): Promise<string[]> {
  const { databases, tenant } = world.store;
  const entityIds = places.map(([entityId]) => entityId);
  const asOfMicros = places.map(([, micros]) => micros);
  return databases.reader.transaction(async (transaction) => {
    const read = { table: `${view}_v1`, features: [], spine: { entityIds, asOfMicros }, knownAtMicros };
    expect(await readAsOf(transaction, tenant.ctx, read)).toHaveLength(places.length);
    return lockedMonths(transaction);
  });
}

async function lockedMonths(transaction: Queryable): Promise<string[]> {
  const rows = await transaction.rows<{ month: string }>({
    name: 'locked',
    text: `
      SELECT right(relname, 6) AS month FROM pg_locks JOIN pg_class ON pg_class.oid = pg_locks.relation
      WHERE pid = pg_backend_pid() AND relkind = 'r' AND relname LIKE '${view}\\_v1\\_p%' ORDER BY 1`,
  });
  return rows.map(({ month }) => month);
}

test('A read of a month asks the partitions of that month and the one before, however many there are', async () => {
  const january = Date.UTC(2026, 0, 20) * 1000;
  expect(await monthsLocked([['often', january]])).toEqual(['202512', '202601']);
  expect(await monthsLocked([['often', january]], Date.now() * 1000)).toEqual(['202512', '202601']);
});

test('A read of an entity that was never written asks none, as of any moment', async () => {
  expect(
    await monthsLocked([
      ['never', start],
      ['never', start - 600 * day],
    ]),
  ).toEqual([]);
});

test('A read of a newest row asks none, as of now and as of years after it', async () => {
  expect(
    await monthsLocked([
      ['often', start + day],
      ['once', start],
      ['once', start + 9000 * day],
    ]),
  ).toEqual([]);
});

test('What was known of a newest row of years ago asks the partitions around it', async () => {
  expect(await monthsLocked([['once', start]], Date.now() * 1000)).toEqual(['202407']);
});

test('A read of a moment with no row near it asks all partitions before it, and no later ones', async () => {
  const asked = await monthsLocked([['seldom', Date.UTC(2025, 10, 1) * 1000]]);
  expect([asked.length, asked[0], asked.at(-1)]).toEqual([17, '202407', '202511']);
});
