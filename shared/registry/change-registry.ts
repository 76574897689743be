import type { TenantContext } from '../platform/context.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { isLockTimeout } from '../platform/unavailable.ts';
import { loadSnapshot } from './load-snapshot.ts';
import type { Feature, RegistrySnapshot, SourceField, StreamSource, ViewVersion } from './model.ts';
import { tenantTransaction } from './tenant-transaction.ts';

/** Given by the composition root, so that the registry knows neither the value tables nor the stores of the snapshot. */
export interface RegistryEffects {
  /** Makes a view version's own table, and the tenant's schema where it is missing, within the transaction. */
  createViewTable(transaction: Queryable, ctx: TenantContext, version: ViewVersion): Promise<void>;
  /** Adds columns to a table that exists, within the transaction. */
  addFeatureColumns(
    transaction: Queryable,
    ctx: TenantContext,
    table: string,
    added: readonly Feature[],
  ): Promise<void>;
  /** Makes the tables of a source's events and of their ids, and the tenant's schema where it is missing. */
  createEventTables(transaction: Queryable, ctx: TenantContext, source: StreamSource): Promise<void>;
  /** Adds columns for fields to the table of a source's events. */
  addEventColumns(
    transaction: Queryable,
    ctx: TenantContext,
    source: string,
    added: readonly SourceField[],
  ): Promise<void>;
  /** Makes a stream view version's own table, of tiles. `epoch` is that of the registry which has the version. */
  createTileTable(transaction: Queryable, ctx: TenantContext, version: ViewVersion, epoch: number): Promise<void>;
  /** Makes a change known to every reader. After the commit. */
  publish(ctx: TenantContext, snapshot: RegistrySnapshot): Promise<void>;
  /** Has every writer of events count them in a stream view. After the change is published; where it fails, a job does it. */
  startBackfill(database: Database, ctx: TenantContext, version: ViewVersion): Promise<void>;
}

export interface RegistryWriter {
  readonly database: Database;
  readonly effects: RegistryEffects;
}

/** What a change wants done, decided from the registry as it stands under the tenant's lock. */
export interface Decision<Result> {
  readonly result: Result;
  /** Absent where nothing changes. */
  readonly apply?: (transaction: Queryable) => Promise<void>;
}

/** Tries of a change whose DDL did not get its lock within 2 s, such as behind a long export. */
const tries = 3;

/**
 * One change of a tenant's registry: its rows, its tables and the raised epoch in one transaction, then published.
 * Changes of one tenant go one after another. A change that does nothing still publishes, because the one that did it
 * may have died before it could.
 */
export async function changeRegistry<Result>(
  { database, effects }: RegistryWriter,
  ctx: TenantContext,
  decide: (current: RegistrySnapshot) => Decision<Result>,
): Promise<Result> {
  const { result, snapshot } = await retryLocked(() =>
    tenantTransaction(database, ctx, async (transaction) => {
      await transaction.rows({ name: 'limit_lock_wait', text: "SELECT set_config('lock_timeout', '2s', true)" });
      await lockTenant(transaction, ctx);
      const current = await loadSnapshot(transaction, ctx);
      const decision = decide(current);
      if (decision.apply === undefined) return { result: decision.result, snapshot: current };
      await decision.apply(transaction);
      await raiseEpoch(transaction, ctx);
      return { result: decision.result, snapshot: await loadSnapshot(transaction, ctx) };
    }),
  );
  await effects.publish(ctx, snapshot);
  return result;
}

async function lockTenant(transaction: Queryable, { tenantId, tenantName }: TenantContext): Promise<void> {
  await transaction.rows({
    name: 'lock_tenant',
    text: `INSERT INTO registry.tenants (tenant_id, name) VALUES ($1, $2)
           ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name`,
    values: [tenantId, tenantName],
  });
}

async function raiseEpoch(transaction: Queryable, { tenantId }: TenantContext): Promise<void> {
  await transaction.rows({
    name: 'raise_epoch',
    text: 'UPDATE registry.tenants SET epoch = epoch + 1 WHERE tenant_id = $1',
    values: [tenantId],
  });
}

async function retryLocked<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === tries || !isLockTimeout(error)) throw error;
    }
  }
}
