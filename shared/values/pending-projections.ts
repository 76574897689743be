import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';

/** Entities whose newest rows the cache may not have yet. */
export interface PendingProjection {
  readonly id: string;
  readonly tenantId: string;
  readonly entityType: string;
  readonly table: string;
  readonly entityIds: readonly string[];
  /** Whether the table is a stream view's: what the cache lacks are tiles. */
  readonly isStream: boolean;
}

/** Projections this old are nobody's work under way any more, but what a crash or an outage of the cache left. */
const leftOver = "created_at < now() - interval '1 second'";
/** Left-overs that a write takes along, or a sweep takes at once. */
const mostAtOnce = 100;

const columns =
  'id::text, tenant_id AS "tenantId", entity_type AS "entityType", view_table AS "table", entity_ids AS "entityIds", is_stream AS "isStream"';

/** SQL of whether a tenant has left-overs, for a write that looks by the way. */
export function hasLeftOverSql(tenantId: string): string {
  return `EXISTS (SELECT FROM feature_store.pending_projections WHERE tenant_id = ${tenantId} AND ${leftOver})`;
}

/** What was left over of all tenants, oldest first; or all that is pending, that of writes under way too. A page of them. */
export function findPending(query: Queryable, which: 'left over' | 'all'): Promise<PendingProjection[]> {
  const where = which === 'all' ? '' : `WHERE ${leftOver}`;
  return query.rows({
    name: 'find_pending_projections',
    text: `SELECT ${columns} FROM feature_store.pending_projections ${where} ORDER BY created_at LIMIT ${mostAtOnce}`,
  });
}

/** Whether a page may be followed by another. */
export function isPageFull(page: readonly PendingProjection[]): boolean {
  return page.length === mostAtOnce;
}

/** Entities beyond which a write takes no further left-over along: half a second, and the sweep does the rest. */
const mostEntitiesOfWrite = 5000;

/** What a write of the tenant takes along, oldest first: one at least. */
export function findLeftOverOfTenant(query: Queryable, { tenantId }: TenantContext): Promise<PendingProjection[]> {
  return query.rows({
    name: 'find_left_over_projections',
    text: `
      SELECT ${columns} FROM (
        SELECT *, sum(cardinality(entity_ids)) OVER (ORDER BY created_at, id) AS entities
        FROM feature_store.pending_projections WHERE tenant_id = $1 AND ${leftOver}
        ORDER BY created_at LIMIT ${mostAtOnce}
      ) AS left_over
      WHERE entities - cardinality(entity_ids) < ${mostEntitiesOfWrite} ORDER BY created_at`,
    values: [tenantId],
  });
}

/** Leaves a mark for each of a source's stream views, in the transaction that changes their tiles. */
export async function addPendingTiles(
  transaction: Queryable,
  { tenantId }: TenantContext,
  pending: readonly Omit<PendingProjection, 'tenantId' | 'isStream'>[],
): Promise<void> {
  const rows = pending.map((_, place) => {
    const [id, entityType, table, entityIds] = [0, 1, 2, 3].map((column) => `$${4 * place + column + 2}`);
    return `(${id}::uuid, $1, ${entityType}, ${table}, ${entityIds}::text[], true)`;
  });
  if (rows.length === 0) return;
  await transaction.rows({
    name: 'add_pending_tiles',
    text: `
      INSERT INTO feature_store.pending_projections (id, tenant_id, entity_type, view_table, entity_ids, is_stream)
      VALUES ${rows.join(', ')}`,
    values: [
      tenantId,
      ...pending.flatMap(({ id, entityType, table, entityIds }) => [id, entityType, table, entityIds]),
    ],
  });
}

export async function deleteProjections(query: Queryable, ids: readonly string[]): Promise<void> {
  await query.rows({
    name: 'delete_projections',
    text: 'DELETE FROM feature_store.pending_projections WHERE id = ANY ($1::text[]::uuid[])',
    values: [ids],
  });
}
