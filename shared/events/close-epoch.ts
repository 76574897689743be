import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { ViewVersion } from '../registry/index.ts';
import { viewTableName } from '../values/index.ts';
import { createKeyIndex } from './create-key-index.ts';
import { rawTable } from './tables.ts';

/**
 * Draws the line between what a new stream view's backfill counts and what is counted as it comes: from here on no writer of the
 * source stores events under a registry without the view. Waits for the writers under way, which is why it may fail for want
 * of a lock after 2 s (isLockTimeout), and those that come meanwhile wait for it: milliseconds, since it reads one row. A
 * source without older events is done with it, and gets the index by which the view reads its events. Only once the registry is published: a writer that is refused reads it
 * from there. Answers what the backfill's status is then; again, it changes nothing. As the owner.
 */
export function closeEpoch(
  database: Database,
  ctx: TenantContext,
  { table, stream }: Pick<ViewVersion, 'table' | 'stream'>,
): Promise<string> {
  const { tenantId } = ctx;
  const of = [tenantId, table];
  return database.transaction(async (transaction) => {
    await transaction.rows({ name: 'limit_lock_wait', text: `SELECT set_config('lock_timeout', '2s', true)` });
    const [backfill] = await transaction.rows<{ status: string; source: string; epoch: number }>({
      name: 'lock_backfill',
      text: 'SELECT status, source, epoch FROM feature_store.backfills WHERE tenant_id = $1 AND view_table = $2 FOR UPDATE',
      values: of,
    });
    if (backfill === undefined || backfill.status !== 'waiting') return backfill?.status ?? 'done';
    const { source, epoch } = backfill;
    const raw = viewTableName(tenantId, rawTable(source));
    // Of partitions and chunks none: whoever inserts locks the table itself too.
    await transaction.script(`LOCK TABLE ONLY ${raw} IN SHARE MODE`);
    await transaction.rows({
      name: 'raise_source_epoch',
      text: `
        UPDATE feature_store.event_sources SET epoch = greatest(epoch, $3)
        WHERE tenant_id = $1 AND source = $2`,
      values: [tenantId, source, epoch],
    });
    const [after] = await transaction.rows<{ status: string }>({
      name: 'start_backfill',
      text: `
        UPDATE feature_store.backfills SET (status, events_total, finished_at) = (
          SELECT CASE WHEN is_any THEN 'running' ELSE 'done' END, CASE WHEN is_any THEN NULL ELSE 0 END,
            CASE WHEN is_any THEN NULL ELSE now() END
          FROM (SELECT EXISTS (SELECT FROM ${raw} WHERE _epoch < $3) AS is_any) AS older)
        WHERE tenant_id = $1 AND view_table = $2 RETURNING status`,
      values: [...of, epoch],
    });
    // Else the job makes it, while the source is written to.
    if (after?.status === 'done' && stream !== null) await createKeyIndex(transaction, ctx, source, stream.entityKey);
    return after?.status ?? 'done';
  });
}
