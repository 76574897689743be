import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetStatisticsBefore } from '../../../shared/statistics/index.ts';
import { readTimescale } from '../../../shared/values/index.ts';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { hoursOf, refresh, versionOf } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

test('forgetting deletes the hours that ended by a moment, and those that were to be made anew', async () => {
  const { databases, tenant } = world.store;
  const features = Array.from({ length: 101 }, (_, index) => `f${index}`);
  const view = await world.view(features);
  await world.write(
    view,
    [5, 4, 3, 2].map((ago) => ['u', start - ago * hour, { f0: ago, f100: ago }] as const),
  );
  await refresh(world.store, view);
  const version = await versionOf(world.store, view, tenant);
  const changed = [5, 3].map(
    (ago) => `('${tenant.ctx.tenantId}', '${view}_v1', to_timestamp(${(start - ago * hour) / 1e6}))`,
  );
  await databases.admin.script(`INSERT INTO feature_store.changed_hours VALUES ${changed.join(', ')}`);

  const forget = (before: number) =>
    databases.owner.transaction(async (transaction) => {
      const timescale = await readTimescale(transaction);
      await forgetStatisticsBefore(transaction, tenant.ctx, version.table, version.features, before, timescale);
    });
  const left = async () =>
    Promise.all(['f0', 'f100'].map(async (name) => (await hoursOf(world.store, view, name)).map(({ min }) => min)));
  // The hour of five hours ago has not ended then.
  await forget(start - 4 * hour - 1);
  expect(await left()).toEqual([
    [5, 4, 3, 2],
    [5, 4, 3, 2],
  ]);
  await forget(start - 4 * hour);
  expect(await left()).toEqual([
    [4, 3, 2],
    [4, 3, 2],
  ]);
  await forget(start - 2.5 * hour);
  expect(await left()).toEqual([
    [3, 2],
    [3, 2],
  ]);
  expect(
    await databases.admin.arrays({
      name: 'changed',
      text: `SELECT count(*)::int4 FROM feature_store.changed_hours WHERE view_table = '${view}_v1'`,
    }),
  ).toEqual([[1]]);
});
