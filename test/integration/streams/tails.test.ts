import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryCache, type OnlineCache } from '../../../shared/cache/index.ts';
import { caches } from '../../support/lane.ts';
import { createTestClock } from '../semantics/semantics-setup.ts';
import { createStreamWorld, day, hour, minute, noon, type StreamWorld } from './stream-world.ts';

/** The cache keeps of windows of days what they hold of the hours before the last three (shared/tiles/cached-tails.ts). */
const aggregations = [
  { name: 'day', function: 'sum', field: 'amount', window: '24h' },
  { name: 'days', function: 'max', field: 'amount', window: '3d' },
  { name: 'week', function: 'count', window: '7d' },
  { name: 'fortnight', function: 'stddev', field: 'amount', window: '14d' },
  { name: 'quarter', function: 'count', window: '1h' },
  { name: 'shops', function: 'count_distinct', field: 'shop', window: '2d' },
  { name: 'ever', function: 'sum', field: 'big' },
];

describe.each(caches)('Windows of days that are read again and again, with cache %s', (cache) => {
  let world: StreamWorld;
  beforeAll(async () => {
    world = await createStreamWorld({ cache });
  });
  afterAll(() => world.store.close());

  test('are as of their moment, whatever comes late, is asked for and has slid out meanwhile', async () => {
    let ids = 0;
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ ago: fc.integer({ min: 1, max: 90 * 60 }), amount: fc.integer({ min: -9, max: 99 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          ago: fc.integer({ min: 1, max: 15 * 86_400 }),
          amount: fc.integer({ min: -9, max: 99 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ passes: fc.constantFrom(1, 20, 59, 60, 61, 120, 600, 1440, 5000) }) },
      { weight: 5, arbitrary: fc.record({ asks: fc.constantFrom(...aggregations.map(({ name }) => name)) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 50 }), async (steps) => {
        const view = await world.view(aggregations);
        let now = noon;
        for (const each of steps) {
          world.clock.set(now);
          if ('ago' in each) {
            const { ago, amount } = each;
            const fields = { user_id: view, amount, shop: amount % 5, big: amount };
            await world.send([`tail${++ids}`, now - ago * 1_000_000, fields]);
          } else if ('passes' in each) now += each.passes * minute;
          else await world.everywhere(view, `${view}:${each.asks}`);
        }
        world.clock.set(now);
        for (const { name } of aggregations) await world.everywhere(view, `${view}:${name}`);
      }),
      { numRuns: 12 },
    );
  });
});

test('windows of days take one trip to the cache within an hour, and two at its first read', async () => {
  const memory = createMemoryCache({ ttlSeconds: 86_400, generation: 1, clock: createTestClock() });
  let trips = 0;
  const counting: OnlineCache = {
    ...memory,
    read: (reads, along) => {
      trips += 1;
      return memory.read(reads, along);
    },
  };
  const world = await createStreamWorld({ replace: { cache: counting } });
  const view = await world.view([{ name: 'week', function: 'sum', field: 'amount', window: '7d' }]);
  const tripsOf = async (): Promise<[value: unknown, trips: number]> => {
    trips = 0;
    const [, value] = await world.online(view, `${view}:week`);
    return [value, trips];
  };
  const send = (ago: number, amount: number) =>
    world.send([`trip${amount}`, world.clock.nowMicros() - ago, { user_id: view, amount }]);
  world.clock.set(noon);
  await send(minute, 1);
  await send(3 * day, 2);
  // The first fills the cache from Postgres.
  await tripsOf();
  expect(await tripsOf()).toEqual([3, 2]);
  expect(await tripsOf()).toEqual([3, 1]);
  await send(2 * minute, 4);
  expect(await tripsOf()).toEqual([7, 1]);
  // Of an hour that is in the tail.
  await send(2 * day, 8);
  expect(await tripsOf()).toEqual([15, 2]);
  expect(await tripsOf()).toEqual([15, 1]);
  world.clock.set(noon + hour);
  expect(await tripsOf()).toEqual([15, 2]);
  await world.store.close();
});
