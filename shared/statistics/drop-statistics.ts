import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import { listRelations } from './list-relations.ts';
import { relationName } from './statistics-groups.ts';

/** Drops all statistics of a view table, of either kind, and what is remembered of how far they were made. */
export async function dropStatistics(transaction: Queryable, ctx: TenantContext, table: string): Promise<void> {
  for (const relation of await listRelations(transaction, ctx, table)) {
    const kind = relation.isContinuous ? 'MATERIALIZED VIEW' : 'TABLE';
    await transaction.script(`DROP ${kind} ${relationName(ctx.tenantId, relation)}`);
  }
  const values = [ctx.tenantId, table];
  await transaction.rows({
    name: 'forget_statistics_through',
    text: `UPDATE feature_store.maintained SET statistics_through = '-infinity' WHERE tenant_id = $1 AND view_table = $2`,
    values,
  });
  await transaction.rows({
    name: 'forget_changed_hours',
    text: 'DELETE FROM feature_store.changed_hours WHERE tenant_id = $1 AND view_table = $2',
    values,
  });
}
