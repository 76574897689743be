import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { ViewVersion } from '../registry/index.ts';

/**
 * Leaves word, within the registering transaction, that a stream view's new table lacks what its source has. `epoch` is that of the
 * registry which has the view: events stored under an older one are the backfill's.
 */
export async function beginBackfill(
  transaction: Queryable,
  { tenantId }: TenantContext,
  { table, stream }: ViewVersion,
  epoch: number,
): Promise<void> {
  await transaction.rows({
    name: 'begin_backfill',
    text: 'INSERT INTO feature_store.backfills (tenant_id, view_table, source, epoch) VALUES ($1, $2, $3, $4)',
    values: [tenantId, table, stream?.source ?? '', epoch],
  });
}
