import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { RegistrySnapshot } from './model.ts';
import { readRegistry } from './read-registry.ts';
import type { SnapshotReads } from './read-snapshot.ts';

/**
 * Publishes what Postgres holds where the published snapshot is missing or older: a process may have died between its
 * commit and its publication, or DynamoDB may have been lost. Whether it published.
 */
export async function republishRegistry(
  dependencies: {
    readonly database: Database;
    readonly store: SnapshotReads;
    readonly publish: (ctx: TenantContext, snapshot: RegistrySnapshot) => Promise<void>;
  },
  ctx: TenantContext,
): Promise<boolean> {
  const { database, store, publish } = dependencies;
  const snapshot = await readRegistry(database, ctx);
  if (snapshot.epoch <= ((await store.epoch(ctx.tenantId)) ?? 0)) return false;
  await publish(ctx, snapshot);
  return true;
}
