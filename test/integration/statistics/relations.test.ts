import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Feature } from '../../../shared/registry/index.ts';
import { createStatistics, dropStatistics, refreshStatistics } from '../../../shared/statistics/index.ts';
import { maintenanceStep, readTimescale } from '../../../shared/values/index.ts';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { hoursOf, refresh, versionOf } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

const tenantId = (): string => world.store.tenant.ctx.tenantId;

async function relationsOf(view: string): Promise<string[]> {
  const found = await world.store.databases.admin.rows<{ name: string }>({
    name: 'relations',
    text: `SELECT relname::text AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'v')
           AND relname ~ ('^' || $2 || '_v[0-9]+_h') ORDER BY relname`,
    values: [tenantId(), view],
  });
  return found.map(({ name }) => name);
}

/** As the maintenance job does before it refreshes. */
async function heal(view: string): Promise<void> {
  const { databases, tenant } = world.store;
  const { table, features } = await versionOf(world.store, view, tenant);
  await maintenanceStep(databases.owner, tenant.ctx, table, async (transaction) =>
    createStatistics(transaction, tenant.ctx, table, features, await readTimescale(transaction)),
  );
}

async function drop(view: string): Promise<void> {
  const { databases, tenant } = world.store;
  const { table } = await versionOf(world.store, view, tenant);
  await databases.owner.transaction((transaction) => dropStatistics(transaction, tenant.ctx, table));
}

async function extend(view: string, names: readonly string[]): Promise<void> {
  const features = names.map((name) => ({ name, dtype: 'int64' }));
  const body = { name: view, entity_type: 'user', retention_days: 0, features };
  expect((await world.store.post('/api/v1/feature-views', body)).status).toBe(201);
}

async function maintained(view: string): Promise<{ newest: string | null; through: string }> {
  const [row] = await world.store.databases.admin.rows<{ newest: string | null; through: string }>({
    name: 'maintained',
    text: `SELECT to_char(newest_event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS newest,
             statistics_through::text AS through
           FROM feature_store.maintained WHERE tenant_id = $1 AND view_table = $2`,
    values: [tenantId(), `${view}_v1`],
  });
  if (row === undefined) throw new Error('never maintained');
  return row;
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `f${index}`);

test('a view of 250 features has three, and features added later have their own', async () => {
  const view = await world.view(names(250));
  expect(await relationsOf(view)).toEqual([0, 1, 2].map((n) => `${view}_v1_h1_${n}`));
  await extend(view, names(252));
  expect(await relationsOf(view)).toEqual([...[0, 1, 2].map((n) => `${view}_v1_h1_${n}`), `${view}_v1_h2_0`]);
});

test('making them again changes nothing', async () => {
  const view = await world.view(['a']);
  await world.write(view, [['u', start - hour, { a: 1 }]]);
  await refresh(world.store, view);
  const before = await maintained(view);
  await heal(view);
  await heal(view);
  expect(await maintained(view)).toEqual(before);
  expect(await hoursOf(world.store, view, 'a')).toHaveLength(1);
});

test('one that is missing is made again, of all the rows there are', async () => {
  const view = await world.view(['a']);
  await extend(view, ['a', 'b']);
  await world.write(view, [['u', start - hour, { a: 1, b: 2 }]]);
  await refresh(world.store, view);
  const [, second = ''] = await relationsOf(view);
  const [{ kind } = { kind: 'r' }] = await world.store.databases.admin.rows<{ kind: string }>({
    name: 'kind',
    text: 'SELECT relkind::text AS kind FROM pg_class WHERE relname = $1',
    values: [second],
  });
  const what = kind === 'v' ? 'MATERIALIZED VIEW' : 'TABLE';
  await world.store.databases.admin.script(`DROP ${what} ${tenantId()}."${second}"`);
  expect(await hoursOf(world.store, view, 'b')).toEqual([]);
  await heal(view);
  await refresh(world.store, view);
  expect(await hoursOf(world.store, view, 'b')).toMatchObject([{ count: 1, min: 2 }]);
});

test('dropped ones are gone, with what was remembered of them, and are made again', async () => {
  const view = await world.view(names(101));
  const other = await world.view(['f0']);
  for (const each of [view, other]) {
    await world.write(each, [['u', start - hour, { f0: 1 }]]);
    await refresh(world.store, each);
  }
  await drop(view);
  expect(await relationsOf(view)).toEqual([]);
  expect(await maintained(view)).toEqual({ newest: '2026-06-15 11:00:00.000000', through: '-infinity' });
  expect(await hoursOf(world.store, view, 'f0')).toEqual([]);
  expect(await hoursOf(world.store, other, 'f0')).toHaveLength(1);
  await heal(view);
  await refresh(world.store, view);
  expect(await hoursOf(world.store, view, 'f0')).toMatchObject([{ count: 1 }]);
});

test('refreshing keeps the newest event time, whatever comes late', async () => {
  const view = await world.view(['a']);
  await refresh(world.store, view);
  expect((await maintained(view)).newest).toBeNull();
  await world.write(view, [['u', start + 7, { a: 1 }]]);
  await refresh(world.store, view);
  expect((await maintained(view)).newest).toBe('2026-06-15 12:00:00.000007');
  await world.write(view, [['u', start - 99 * hour, { a: 1 }]]);
  await refresh(world.store, view);
  expect((await maintained(view)).newest).toBe('2026-06-15 12:00:00.000007');
});

test('a job that read the registry before a feature was added leaves its hours to the next', async () => {
  const { databases, tenant } = world.store;
  const view = await world.view(['a']);
  const { table, features: stale } = await versionOf(world.store, view, tenant);
  await extend(view, ['a', 'b']);
  await world.write(view, [['u', start - hour, { a: 1, b: 2 }]]);
  const run = async (features: readonly Feature[]) =>
    refreshStatistics(databases.owner, tenant.ctx, table, features, await readTimescale(databases.owner));
  expect(await run(stale)).toEqual({ hours: 0 });
  expect(await hoursOf(world.store, view, 'b')).toEqual([]);
  await refresh(world.store, view);
  expect(await hoursOf(world.store, view, 'a')).toMatchObject([{ count: 1, min: 1 }]);
  expect(await hoursOf(world.store, view, 'b')).toMatchObject([{ count: 1, min: 2 }]);
});

test('the reader may read them and no more', async () => {
  const view = await world.view(['a']);
  await world.write(view, [['u', start - hour, { a: 1 }]]);
  await refresh(world.store, view);
  const [relation] = await relationsOf(view);
  const asReader = (text: string) =>
    world.store.databases.admin.transaction(async (transaction) => {
      const role = `SELECT set_config('role', 'feature_store_reader', true)`;
      await transaction.rows({ name: 'act_as_reader', text: role });
      return transaction.arrays({ name: 'as_reader', text });
    });
  const qualified = `${tenantId()}."${relation}"`;
  expect(await asReader(`SELECT "a.count"::int4 FROM ${qualified}`)).toEqual([[1]]);
  await expect(asReader(`DELETE FROM ${qualified}`)).rejects.toThrow(/permission denied|cannot delete/);
});
