import type { Database, Queryable } from '../platform/database.ts';
import { createStatistics, dropStatistics } from '../statistics/index.ts';
import {
  fromMicrosSql,
  isHypertable,
  listPartitions,
  maintenanceStep,
  makeHypertable,
  type Timescale,
  viewTableName,
} from '../values/index.ts';
import { limitLockWait } from './limit-lock-wait.ts';
import type { ViewTable } from './view-tables.ts';

/**
 * Turns a table of native partitions into one of chunks, once TimescaleDB is there. The rows are copied partition by
 * partition while the table is read and written as ever; what was recorded meanwhile is copied under the lock in which the
 * copy takes the table's place. Each partition is a transaction: a run that is ended goes on where it was. Answers
 * whether this run put the copy in place.
 */
export async function convertToHypertable(
  database: Database,
  viewTable: ViewTable,
  timescale: Timescale,
): Promise<boolean> {
  const step = <Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result> =>
    maintenanceStep(database, viewTable.ctx, viewTable.table, work);
  const isBegun = await step((transaction) => begin(transaction, viewTable, timescale));
  if (!isBegun) return false;
  for (const partition of await listPartitions(database, viewTable)) {
    await step(async (transaction) => {
      if (await isHypertable(transaction, viewTable)) return;
      await copy(
        transaction,
        viewTable,
        `event_time >= ${microsOf(partition.fromMicros)} AND event_time < ${microsOf(partition.toMicros)}
        AND event_time >= (${progress('copied_events')})`,
      );
      await remember(
        transaction,
        viewTable,
        `copied_events = greatest(copied_events, ${microsOf(partition.toMicros)})`,
      );
    });
  }
  // Twice what came meanwhile: the second time, under the lock, there is little left.
  await step(async (transaction) => {
    if (await isHypertable(transaction, viewTable)) return;
    await copyRecent(transaction, viewTable);
    await remember(transaction, viewTable, `copied_recorded = ${aMinuteAgo}`);
  });
  return step((transaction) => takePlace(transaction, viewTable, timescale));
}

/** A writer's transaction lasts 10 s at most, so that all rows recorded a minute ago can be seen. */
const aMinuteAgo = `now() - interval '1 minute'`;

const microsOf = (micros: number): string => fromMicrosSql(String(micros));

function copyName({ table }: ViewTable): string {
  return `${table}_copy`;
}

/** Makes the copy, empty, unless there is one that has the table's columns. Answers whether there is anything to convert. */
async function begin(transaction: Queryable, viewTable: ViewTable, timescale: Timescale): Promise<boolean> {
  if (await isHypertable(transaction, viewTable)) return false;
  const [table, copied] = namesOf(viewTable);
  const [found] = await transaction.rows<{ same: boolean }>({
    name: 'compare_columns',
    // A feature may have been added since another run began.
    text: `
      SELECT coalesce((${columnsSql('$1')}) = (${columnsSql('$2')}), false) AS same`,
    values: [table, copied],
  });
  if (found?.same) return true;
  await transaction.script(`
    DROP TABLE IF EXISTS ${copied};
    CREATE TABLE ${copied} (LIKE ${table} INCLUDING ALL);
    GRANT SELECT, INSERT ON ${copied} TO feature_store_writer;
    GRANT SELECT ON ${copied} TO feature_store_reader;
  `);
  await makeHypertable(transaction, copied, timescale);
  await remember(transaction, viewTable, `copied_recorded = ${aMinuteAgo}, copied_events = '-infinity'`);
  return true;
}

/** Puts the copy in the table's place. Nobody reads or writes meanwhile; who waited finds the new table by its name. */
async function takePlace(transaction: Queryable, viewTable: ViewTable, timescale: Timescale): Promise<boolean> {
  if (await isHypertable(transaction, viewTable)) return false;
  const { ctx, table, features } = viewTable;
  const [name, copied] = namesOf(viewTable);
  await limitLockWait(transaction);
  await transaction.script(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`);
  await copyRecent(transaction, viewTable);
  await dropStatistics(transaction, ctx, table);
  await transaction.script(`DROP TABLE ${name}; ALTER TABLE ${copied} RENAME TO "${table}"`);
  await createStatistics(transaction, ctx, table, features, timescale);
  await remember(transaction, viewTable, 'copied_recorded = NULL, copied_events = NULL');
  return true;
}

function namesOf(viewTable: ViewTable): [table: string, copied: string] {
  const { tenantId } = viewTable.ctx;
  return [viewTableName(tenantId, viewTable.table), viewTableName(tenantId, copyName(viewTable))];
}

function columnsSql(table: string): string {
  return `SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = to_regclass(${table}::text) AND attnum > 0 AND NOT attisdropped`;
}

/** Rows that are there already are of an earlier pass. */
async function copy(transaction: Queryable, viewTable: ViewTable, where: string): Promise<void> {
  const [table, copied] = namesOf(viewTable);
  await transaction.rows({
    name: 'copy_rows',
    text: `INSERT INTO ${copied} SELECT * FROM ${table} WHERE ${where} ON CONFLICT DO NOTHING`,
    values: [viewTable.ctx.tenantId, viewTable.table],
  });
}

function copyRecent(transaction: Queryable, viewTable: ViewTable): Promise<void> {
  return copy(transaction, viewTable, `recorded_at >= (${progress('copied_recorded')})`);
}

function progress(column: 'copied_recorded' | 'copied_events'): string {
  return `SELECT ${column} FROM feature_store.maintained WHERE tenant_id = $1 AND view_table = $2`;
}

async function remember(transaction: Queryable, { ctx, table }: ViewTable, assignment: string): Promise<void> {
  await transaction.rows({
    name: 'remember_conversion',
    text: `UPDATE feature_store.maintained SET ${assignment} WHERE tenant_id = $1 AND view_table = $2`,
    values: [ctx.tenantId, table],
  });
}
