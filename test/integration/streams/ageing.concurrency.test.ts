import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import type { Database } from '../../../shared/platform/database.ts';
import { createApplyEvents } from '../../../shared/stream/index.ts';
import { maintainNow } from '../storage/storage-setup.ts';
import { createStreamWorld, day, hour, noon, type StreamWorld } from './stream-world.ts';

const source = 'aged';
let world: StreamWorld;
beforeAll(async () => {
  world = await createStreamWorld();
});
afterAll(() => world.store.close());

test('an event that is being added to a tile while the tile is rolled up counts once, and so do those before it', async () => {
  const { store, clock } = world;
  await world.addSource(source, { retention_days: 30 });
  const view = await world.view(
    [
      { name: 'n', function: 'count' },
      { name: 'n_30d', function: 'count', window: '30d' },
    ],
    { source },
  );
  await world.sendTo(source, ['a', noon, {}], ['b', noon, {}]);
  // The raw events are beyond retention, and the tile is not old yet: windows of 30 days reach as far back.
  clock.set(noon + 61 * day);
  expect(await maintainNow(world)).toMatchObject({ dropped: 1, tilesAged: 0 });
  clock.set(noon + 62 * day + hour);

  const { database, isPaused, goOn } = pausingAfter('read_touched_tiles', store.databases.writer);
  const apply = createApplyEvents({ database, cache: store.cache, registries: store.core.registries, clock });
  const fields = { id: 'late', at: formatMicros(noon), user_id: 'u1' };
  // From the dead letters: it reached us when it happened.
  const adding = apply(store.tenant.ctx, source, [{ eventId: 'late', fields, arrivalMicros: noon }]);
  await expect.poll(isPaused).toBe(true);
  // The month that the event brought back cannot be dropped while it is being written.
  expect(await maintainNow(world)).toMatchObject({ tilesAged: 1, postponed: 1 });
  goOn();
  expect(await adding).toMatchObject({ accepted: 1, duplicates: 0 });
  for (const days of [62, 64, 66, 68]) {
    clock.set(noon + days * day + 2 * hour);
    expect(await world.everywhere('u1', `${view}:n`), `after ${days} days`).toEqual(['PRESENT', 3]);
    await maintainNow(world);
    expect(await world.everywhere('u1', `${view}:n`), `after ${days} days, maintained`).toEqual(['PRESENT', 3]);
  }
});

/** A database whose first transaction waits after its first statement of this name. */
function pausingAfter(
  name: string,
  database: Database,
): { readonly database: Database; readonly isPaused: () => boolean; readonly goOn: () => void } {
  let goOn: () => void = () => {};
  let paused = false;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return {
    isPaused: () => paused,
    goOn: () => goOn(),
    database: {
      ...database,
      transaction: (work) =>
        database.transaction((transaction) =>
          work({
            ...transaction,
            arrays: async (statement) => {
              const rows = await transaction.arrays(statement);
              if (statement.name === name && !paused) {
                paused = true;
                await held;
              }
              return rows;
            },
          }),
        ),
    },
  };
}
