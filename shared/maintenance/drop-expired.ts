import type { Database, Queryable } from '../platform/database.ts';
import { forgetStatisticsBefore } from '../statistics/index.ts';
import {
  fromMicrosSql,
  listChunks,
  listPartitions,
  maintenanceStep,
  type Segment,
  type Timescale,
  viewTableName,
} from '../values/index.ts';
import { carryRows } from './carry-rows.ts';
import { limitLockWait } from './limit-lock-wait.ts';
import type { ViewTable } from './view-tables.ts';

const microsPerDay = 86_400_000_000;

export interface Dropped {
  readonly segments: number;
  /** Entities whose newest dropped row is kept, or kept anew. */
  readonly carried: number;
}

/**
 * Drops the partitions or chunks of which every row is older than the table keeps, oldest first, each in a transaction of
 * its own. What retention must not lose stays: `latest` has each entity's newest row, and `carried` the newest of those
 * dropped, which is the answer as of any time from the horizon to the entity's next row.
 */
export async function dropExpired(
  database: Database,
  viewTable: ViewTable,
  { nowMicros, isChunked, timescale }: { nowMicros: number; isChunked: boolean; timescale: Timescale },
): Promise<Dropped> {
  if (viewTable.retentionDays === 0) return { segments: 0, carried: 0 };
  const horizonMicros = nowMicros - viewTable.retentionDays * microsPerDay;
  const list = isChunked ? listChunks : listPartitions;
  const isExpired = ({ toMicros }: Segment): boolean => toMicros <= horizonMicros;
  const expired = (await list(database, viewTable)).filter(isExpired);
  const step = <Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result> =>
    maintenanceStep(database, viewTable.ctx, viewTable.table, work);
  let segments = 0;
  let carried = 0;
  for (const segment of expired) {
    // Without a lock on the table, however long it takes: only what is recorded meanwhile is left for the moment of the lock.
    const { entities, recordedBefore } = await step((transaction) => carryRows(transaction, viewTable, segment));
    carried += entities;
    const isDropped = await step(async (transaction) => {
      const isThere = (await list(transaction, viewTable)).some(({ name }) => name === segment.name);
      if (!isThere) return false;
      await limitLockWait(transaction);
      await stopWriters(transaction, viewTable, isChunked);
      await carryRows(transaction, viewTable, segment, recordedBefore);
      await drop(transaction, viewTable, segment, isChunked);
      await forgetStatisticsBefore(
        transaction,
        viewTable.ctx,
        viewTable.table,
        viewTable.features,
        segment.toMicros,
        timescale,
      );
      return true;
    });
    if (isDropped) segments++;
  }
  return { segments, carried };
}

/** A writer may still hold a row that was young enough when it came. Dropping a native partition locks the whole table. */
async function stopWriters(transaction: Queryable, { ctx, table }: ViewTable, isChunked: boolean): Promise<void> {
  const mode = isChunked ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
  await transaction.script(`LOCK TABLE ${viewTableName(ctx.tenantId, table)} IN ${mode} MODE`);
}

async function drop(
  transaction: Queryable,
  { ctx, table }: ViewTable,
  { name, fromMicros, toMicros }: Segment,
  isChunked: boolean,
): Promise<void> {
  if (!isChunked) return transaction.script(`DROP TABLE ${name}`);
  await transaction.rows({
    name: 'drop_chunks',
    text: `SELECT drop_chunks($1::text::regclass, older_than => ${fromMicrosSql('$3::float8')}, newer_than => ${fromMicrosSql('$2::float8')})::text`,
    values: [viewTableName(ctx.tenantId, table), fromMicros, toMicros],
  });
}
