import type { TenantContext } from '../platform/context.ts';
import type { Database, Queryable } from '../platform/database.ts';

/**
 * One step of maintaining a view table, in one transaction that holds the table's row of feature_store.maintained: two
 * jobs at once take turns, and one that is killed leaves no half of a step. Readers and writers do not wait.
 */
export function maintenanceStep<Result>(
  database: Database,
  { tenantId }: TenantContext,
  table: string,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  const values = [tenantId, table];
  return database.transaction(async (transaction) => {
    // What a step makes belongs to the owner, whoever logged in. The owner's 30 s are for point-in-time reads.
    await transaction.rows({
      name: 'act_as_owner',
      text: `SELECT set_config('role', 'feature_store_owner', true), set_config('statement_timeout', '10min', true)`,
    });
    await transaction.rows({
      name: 'make_maintained',
      text: 'INSERT INTO feature_store.maintained (tenant_id, view_table) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      values,
    });
    await transaction.rows({
      name: 'lock_maintained',
      text: 'SELECT FROM feature_store.maintained WHERE tenant_id = $1 AND view_table = $2 FOR UPDATE',
      values,
    });
    return work(transaction);
  });
}
