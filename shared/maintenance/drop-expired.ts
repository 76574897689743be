import type { Database, Queryable } from '../platform/database.ts';
import { forgetStatisticsBefore } from '../statistics/index.ts';
import { listChunks, listPartitions, maintenanceStep, type Segment, type Timescale } from '../values/index.ts';
import { carryRows } from './carry-rows.ts';
import { dropSegment, stopWriters } from './drop-segment.ts';
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
      await dropSegment(transaction, viewTable, segment, isChunked);
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
