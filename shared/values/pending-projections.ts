import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';

/** Entities whose newest rows the cache may not have yet. */
export interface PendingProjection {
  readonly id: string;
  readonly tenantId: string;
  readonly entityType: string;
  readonly table: string;
  readonly entityIds: readonly string[];
}

/** Projections this old are nobody's work under way any more, but what a crash or an outage of the cache left. */
const leftOver = "created_at < now() - interval '1 second'";
/** Left-overs that a write takes along, or a sweep takes at once. */
const mostAtOnce = 100;

const columns =
  'id::text, tenant_id AS "tenantId", entity_type AS "entityType", view_table AS "table", entity_ids AS "entityIds"';

/** Marks a projection as done, and answers what else of the tenant was left over. */
export function finishProjection(
  query: Queryable,
  { tenantId }: TenantContext,
  id: string,
): Promise<PendingProjection[]> {
  return query.rows({
    name: 'finish_projection',
    text: `
      WITH done AS (DELETE FROM feature_store.pending_projections WHERE id = $2::uuid)
      SELECT ${columns} FROM feature_store.pending_projections
      WHERE tenant_id = $1 AND id <> $2::uuid AND ${leftOver} ORDER BY created_at LIMIT ${mostAtOnce}`,
    values: [tenantId, id],
  });
}

/** What was left over, of all tenants, oldest first. */
export function findLeftOver(query: Queryable): Promise<PendingProjection[]> {
  return query.rows({
    name: 'find_left_over_projections',
    text: `SELECT ${columns} FROM feature_store.pending_projections WHERE ${leftOver} ORDER BY created_at LIMIT ${mostAtOnce}`,
  });
}

export async function deleteProjections(query: Queryable, ids: readonly string[]): Promise<void> {
  await query.rows({
    name: 'delete_projections',
    text: 'DELETE FROM feature_store.pending_projections WHERE id = ANY ($1::text[]::uuid[])',
    values: [ids],
  });
}
