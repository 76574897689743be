import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { loadSnapshot } from './load-snapshot.ts';
import type { RegistrySnapshot } from './model.ts';
import { tenantTransaction } from './tenant-transaction.ts';

/** Everything a tenant has registered, from Postgres itself: for jobs, which have no snapshot in memory. As the owner. */
export function readRegistry(database: Database, ctx: TenantContext): Promise<RegistrySnapshot> {
  return tenantTransaction(database, ctx, (transaction) => loadSnapshot(transaction, ctx));
}
