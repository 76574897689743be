import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { loadSnapshot } from './load-snapshot.ts';
import type { RegistrySnapshot } from './model.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { tenantTransaction } from './tenant-transaction.ts';

/**
 * Publishes what Postgres holds where the published snapshot is missing or older: a process may have died between its
 * commit and its publication, or DynamoDB may have been lost. Whether it published.
 */
export async function republishRegistry(
  dependencies: {
    readonly database: Database;
    readonly store: SnapshotStore;
    readonly publish: (ctx: TenantContext, snapshot: RegistrySnapshot) => Promise<void>;
  },
  ctx: TenantContext,
): Promise<boolean> {
  const { database, store, publish } = dependencies;
  const snapshot = await tenantTransaction(database, ctx, (transaction) => loadSnapshot(transaction, ctx));
  if (snapshot.epoch <= ((await store.epoch(ctx.tenantId)) ?? 0)) return false;
  await publish(ctx, snapshot);
  return true;
}
