import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Queryable } from '../../../shared/platform/database.ts';
import { createWorld, start, type World } from '../semantics/semantics-setup.ts';
import { day, maintainNow } from './storage-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.store.close());

/** The server has one session, of a superuser; within a transaction it has the rights of the role alone. */
function as<Result>(role: 'writer' | 'reader', work: (query: Queryable) => Promise<Result>): Promise<Result> {
  return world.store.databases.admin.transaction(async (transaction) => {
    await transaction.script(`SET LOCAL ROLE feature_store_${role}`);
    return work(transaction);
  });
}

test('The writer may insert into new, plain and compressed chunks and no more, the reader may read them and the statistics', async () => {
  const view = await world.view(['a']);
  const table = `${world.store.tenant.ctx.tenantId}.${view}_v1`;
  await world.write(view, [['u', start, { a: 1 }]]);
  world.clock.set(start + 30 * day);
  expect((await maintainNow(world)).compressed).toBe(1);
  const insert = (query: Queryable, entity: string, moment: string) =>
    query.script(`INSERT INTO ${table} (entity_id, event_time, created_at, revision, a)
      VALUES ('${entity}', '${moment}', now(), 1, 2) ON CONFLICT DO NOTHING`);
  await as('writer', async (query) => {
    await insert(query, 'u', '2026-06-15T13:00:00Z');
    await insert(query, 'v', '2026-09-15T13:00:00Z');
    await insert(query, 'v', '2026-09-15T14:00:00Z');
  });
  for (const forbidden of [
    `DELETE FROM ${table}`,
    `UPDATE ${table} SET a = 0`,
    `TRUNCATE ${table}`,
    `DROP TABLE ${table}`,
  ]) {
    await expect(
      as('writer', (query) => query.script(forbidden)),
      forbidden,
    ).rejects.toThrow(/denied|owner/);
  }
  await maintainNow(world);
  const count = (from: string, what = 'count(*)') =>
    as('reader', (query) =>
      query.rows<{ count: number }>({ name: 'count', text: `SELECT ${what}::int4 AS count FROM ${from}` }),
    );
  expect(await count(table)).toEqual([{ count: 4 }]);
  expect(await count(`${table}_h1_0`, 'sum("a.count")')).toEqual([{ count: 4 }]);
  await expect(as('reader', (query) => insert(query, 'w', '2026-06-15T13:00:00Z'))).rejects.toThrow(/denied/);
});
