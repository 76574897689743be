import type { TenantContext } from '../platform/context.ts';
import type { Database, Queryable } from '../platform/database.ts';

/**
 * A transaction that row-level security confines to the tenant, acting as the owner whoever logged in: what it makes
 * belongs to the owner, and not even a superuser's login sees another tenant.
 */
export function tenantTransaction<Result>(
  database: Database,
  { tenantId }: TenantContext,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    await transaction.rows({
      name: 'set_tenant',
      text: "SELECT set_config('feature_store.tenant_id', $1, true), set_config('role', 'feature_store_owner', true)",
      values: [tenantId],
    });
    return work(transaction);
  });
}
