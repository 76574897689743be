import { afterAll, beforeAll, expect, test } from 'vitest';
import { maintain } from '../../../shared/maintenance/index.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import { createWorld, start, type World } from '../semantics/semantics-setup.ts';
import { maintainNow, stateOf } from './storage-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.store.close());

test('A table at which maintenance fails is told of and does not keep the others', async () => {
  const [broken, whole] = [await world.view(['a']), await world.view(['a'])];
  for (const view of [broken, whole]) await world.write(view, [['u', start, { a: 1 }]]);
  const { store, clock } = world;
  const table = `${store.tenant.ctx.tenantId}.${broken}_v1`;
  await store.databases.admin.script(`ALTER TABLE ${table} RENAME TO lost`);
  const dependencies = { database: store.databases.owner, clock, telemetry: silentTelemetry };
  const report = await maintain(dependencies, [store.tenant.ctx]);
  expect(report).toMatchObject({ tables: 2, remaining: 0, failures: [{ table: `${broken}_v1` }] });
  expect((await stateOf(world, whole)).statistics[0]).toHaveLength(1);
  await store.databases.admin.script(`ALTER TABLE ${store.tenant.ctx.tenantId}.lost RENAME TO ${broken}_v1`);
  await maintainNow(world);
  expect((await stateOf(world, broken)).statistics[0]).toHaveLength(1);
});

test('A run that has no more time leaves the rest, with which the next run begins', async () => {
  const other = await createWorld();
  const views = [await other.view(['a']), await other.view(['a']), await other.view(['a'])];
  for (const view of views) await other.write(view, [['u', start, { a: 1 }]]);
  const { store } = other;
  let asked = 0;
  // Time is over after the first table has had its turn.
  const clock = { ...other.clock, nowMicros: () => (asked++ < 2 ? start : start + 1_000_000) };
  const dependencies = { database: store.databases.owner, clock, telemetry: silentTelemetry };
  const doneOf = async () =>
    (await Promise.all(views.map((view) => stateOf(other, view)))).map(({ statistics }) => statistics[0]?.length);
  expect(await maintain(dependencies, [store.tenant.ctx], start / 1000 + 1)).toMatchObject({ tables: 1, remaining: 2 });
  expect((await doneOf()).filter((hours) => hours === 1)).toHaveLength(1);
  for (const remaining of [2, 2]) {
    asked = 0;
    expect(await maintain(dependencies, [store.tenant.ctx], start / 1000 + 1)).toMatchObject({ tables: 1, remaining });
  }
  expect(await doneOf()).toEqual([1, 1, 1]);
  await store.close();
});
