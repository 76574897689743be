import type { Database, Queryable } from '../platform/database.ts';
import { fromMicrosSql, listChunks, listPartitions, maintenanceStep, type Segment } from '../values/index.ts';
import { dropSegment, stopWriters } from './drop-segment.ts';
import { limitLockWait } from './limit-lock-wait.ts';
import type { EventTable } from './stream-tables.ts';

const microsPerDay = 86_400_000_000;

/**
 * Drops the partitions or chunks of raw events of which all is older than the source keeps, oldest first, each in a transaction of
 * its own that also says from when on events are there: of times before it the tiles tell. Not while a view is being backfilled from them. Answers how many.
 */
export async function dropEvents(
  database: Database,
  eventTable: EventTable,
  { nowMicros, isChunked }: { readonly nowMicros: number; readonly isChunked: boolean },
): Promise<number> {
  const { ctx, table, source } = eventTable;
  if (source.retentionDays === 0) return 0;
  const horizonMicros = nowMicros - source.retentionDays * microsPerDay;
  const list = isChunked ? listChunks : listPartitions;
  const expired = (await list(database, eventTable)).filter(({ toMicros }) => toMicros <= horizonMicros);
  let dropped = 0;
  for (const segment of expired) {
    const isDropped = await maintenanceStep(database, ctx, table, async (transaction) => {
      const isThere = (await list(transaction, eventTable)).some(({ name }) => name === segment.name);
      if (!isThere || (await isBackfilledFrom(transaction, eventTable))) return false;
      await limitLockWait(transaction);
      await stopWriters(transaction, eventTable, isChunked);
      await moveEventsFrom(transaction, eventTable, segment);
      await dropSegment(transaction, eventTable, segment, isChunked);
      return true;
    });
    if (isDropped) dropped++;
  }
  return dropped;
}

async function isBackfilledFrom(transaction: Queryable, { ctx, source }: EventTable): Promise<boolean> {
  const found = await transaction.rows({
    name: 'find_backfills_of_source',
    text: `SELECT FROM feature_store.backfills WHERE tenant_id = $1 AND source = $2 AND status <> 'done' LIMIT 1`,
    values: [ctx.tenantId, source.name],
  });
  return found.length > 0;
}

async function moveEventsFrom(
  transaction: Queryable,
  { ctx, source }: EventTable,
  { toMicros }: Segment,
): Promise<void> {
  await transaction.rows({
    name: 'move_events_from',
    text: `
      UPDATE feature_store.event_sources SET events_from = greatest(events_from, ${fromMicrosSql('$3::float8')})
      WHERE tenant_id = $1 AND source = $2`,
    values: [ctx.tenantId, source.name, toMicros],
  });
}
