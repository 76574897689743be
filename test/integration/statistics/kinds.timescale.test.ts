import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStatistics, forgetStatisticsBefore, refreshStatistics } from '../../../shared/statistics/index.ts';
import { maintenanceStep, type Timescale } from '../../../shared/values/index.ts';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { hoursOf, versionOf } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

const community: Timescale = { hypertables: true, community: true };
const apache: Timescale = { hypertables: true, community: false };

async function kindsOf(view: string): Promise<string[]> {
  const found = await world.store.databases.admin.rows<{ kind: string }>({
    name: 'kinds',
    text: `SELECT relkind::text AS kind FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'v')
           AND relname ~ ('^' || $2 || '_v1_h') ORDER BY relname`,
    values: [world.store.tenant.ctx.tenantId, view],
  });
  return found.map(({ kind }) => kind);
}

/** As a run of the maintenance job on such a database. */
async function run(view: string, timescale: Timescale): Promise<number> {
  const { databases, tenant } = world.store;
  const { table, features } = await versionOf(world.store, view, tenant);
  await maintenanceStep(databases.owner, tenant.ctx, table, (transaction) =>
    createStatistics(transaction, tenant.ctx, table, features, timescale),
  );
  return (await refreshStatistics(databases.owner, tenant.ctx, table, features, timescale)).hours;
}

test('TimescaleDB keeps them as continuous aggregates, and its Apache edition leaves them to our job: the answers are the same', async () => {
  const view = await world.view(['a', 'b']);
  await world.write(view, [
    ['u', start - 50 * hour, { a: 1 }],
    ['u', start - hour, { a: 2, b: 3 }],
    ['v', start - hour, { a: 5 }],
  ]);
  expect(await run(view, community)).toBe(0);
  expect(await kindsOf(view)).toEqual(['v']);
  const answers = await Promise.all(['a', 'b'].map((name) => hoursOf(world.store, view, name)));
  expect(answers[0]).toMatchObject([{ count: 1 }, { count: 2, mean: 3.5 }]);

  expect(await run(view, apache)).toBe(2);
  expect(await kindsOf(view)).toEqual(['r']);
  expect(await Promise.all(['a', 'b'].map((name) => hoursOf(world.store, view, name)))).toEqual(answers);

  await run(view, community);
  expect(await kindsOf(view)).toEqual(['v']);
  expect(await Promise.all(['a', 'b'].map((name) => hoursOf(world.store, view, name)))).toEqual(answers);
});

test('the hours of dropped chunks go with the next refresh', async () => {
  const { databases, tenant } = world.store;
  const view = await world.view(['a']);
  const old = start - 60 * 24 * hour;
  await world.write(view, [
    ['u', old, { a: 1 }],
    ['u', start - hour, { a: 2 }],
  ]);
  await run(view, community);
  const { table, features } = await versionOf(world.store, view, tenant);
  const before = start - 30 * 24 * hour;
  await databases.owner.transaction(async (transaction) => {
    await transaction.rows({
      name: 'drop_chunks',
      text: `SELECT drop_chunks('${tenant.ctx.tenantId}.${table}'::regclass, older_than => to_timestamp(${before / 1e6}))::text`,
    });
    await forgetStatisticsBefore(transaction, tenant.ctx, table, features, before, community);
  });
  await run(view, community);
  const asked = { from: new Date(old / 1000).toISOString(), to: new Date(start / 1000).toISOString() };
  expect(await hoursOf(world.store, view, 'a', asked)).toMatchObject([{ min: 2 }]);
});
