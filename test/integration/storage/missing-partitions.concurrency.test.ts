import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createIngestRows } from '../../../shared/ingestion/index.ts';
import type { Queryable, Statement } from '../../../shared/platform/database.ts';
import { viewTableName } from '../../../shared/values/index.ts';
import { createWorld, start, type World } from '../semantics/semantics-setup.ts';

/** Processes whose rows find no partition at the same time, or the table's lock taken. */
let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => world.store.close());

test.for([
  { months: 36, years: 'three' },
  // Made in one statement, the last of the eight would wait 20 s for its turn, and is given 2.
  { months: 480, years: 'forty' },
])('Eight processes at once make the partitions of $years years that all of them need', async ({ months }) => {
  const view = await world.view(['a']);
  const processes = Array.from({ length: 8 }, createProcess);
  await Promise.all(
    processes.map((write, process) => {
      // Each begins at another month.
      const order = Array.from({ length: months }, (_, index) => (index + process * 5) % months);
      return write(
        view,
        order.map((monthsAgo) => row(`u${process}`, monthsAgo)),
      );
    }),
  );
  expect(await countOf(view)).toEqual({ rows: 8 * months, partitions: months });
});

test('A new process writes to partitions that are there while another session has the lock that making one needs', async () => {
  const view = await world.view(['a']);
  await createProcess()(view, [row('u', 0)]);
  await withLock(view, () => createProcess()(view, [row('v', 0)]));
  expect(await countOf(view)).toEqual({ rows: 2, partitions: 1 });
});

test('A lock that is not had in time is asked for again', async () => {
  const view = await world.view(['a']);
  const { writer } = world.store.databases;
  const { rows } = writer;
  const refused = Promise.withResolvers<void>();
  vi.spyOn(writer, 'rows').mockImplementation(<Row>(statement: Statement) => {
    const answer = rows<Row>(statement);
    if (statement.name === 'ensure_partitions') answer.catch(() => refused.resolve());
    return answer;
  });
  let written = Promise.resolve();
  await withLock(view, async () => {
    written = createProcess()(view, [row('u', 0)]);
    await refused.promise;
  });
  await written;
  expect(await countOf(view)).toEqual({ rows: 1, partitions: 1 });
});

/** A process that is new: it remembers no partitions. Fails where not every row is taken. */
function createProcess(): (view: string, rows: readonly unknown[]) => Promise<void> {
  const { store, clock } = world;
  const ingestRows = createIngestRows({
    registries: store.core.registries,
    database: store.databases.writer,
    cache: store.cache,
    clock,
    futureToleranceSeconds: 60,
  });
  return async (view, rows) => {
    const answer = await ingestRows(store.tenant.ctx, { view, rows });
    expect(answer).toEqual({ accepted: rows.length, rejected: [], isProjected: true });
  };
}

function row(entity_id: string, monthsAgo: number) {
  const now = new Date(start / 1000);
  const event_time = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo);
  return { entity_id, event_time, values: { a: monthsAgo } };
}

function tableOf(view: string): string {
  return viewTableName(world.store.tenant.ctx.tenantId, `${view}_v1`);
}

async function countOf(view: string): Promise<unknown> {
  const [counted] = await world.store.databases.admin.rows({
    name: 'count',
    text: `SELECT (SELECT count(*)::int4 FROM ${tableOf(view)}) AS rows,
      (SELECT count(*)::int4 FROM pg_inherits WHERE inhparent = '${tableOf(view)}'::regclass) AS partitions`,
  });
  return counted;
}

/** As an ANALYZE of the table does for as long as it takes. */
function withLock(view: string, work: () => Promise<void>): Promise<void> {
  return world.store.databases.owner.transaction(async (transaction: Queryable) => {
    await transaction.script(`LOCK TABLE ${tableOf(view)} IN SHARE UPDATE EXCLUSIVE MODE`);
    await work();
  });
}
