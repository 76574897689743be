import { type OnlineCache, tileFields, undoingMark } from '../cache/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import {
  type Appended,
  deleteProjections,
  type EncodedRows,
  findLeftOver,
  findLeftOverOfTenant,
  type PendingProjection,
  readLatest,
} from '../values/index.ts';

export interface ProjectionStores {
  readonly database: Database;
  readonly cache: OnlineCache;
}

export interface ProjectionTarget {
  readonly entityType: string;
  readonly table: string;
}

/**
 * Brings the cache to rows just committed and takes along what the tenant's earlier writes left over. Whether it could: a
 * cache or a Postgres that is away leaves the mark for the next write or the sweep, and the rows are safe all the same.
 */
export async function projectRows(
  { database, cache }: ProjectionStores,
  ctx: TenantContext,
  { entityType, table }: ProjectionTarget,
  rows: EncodedRows,
  { newest, pendingId, hasLeftOver }: Appended,
): Promise<boolean> {
  const { tenantId } = ctx;
  try {
    if (pendingId !== undefined) {
      await cache.writeNewest(
        newest.map((index) => {
          const [entityId = '', stored = ''] = [rows.entityIds[index], rows.payloads[index]];
          return { tenantId, entityType, entityId, field: table, stored };
        }),
      );
      deleteSoon(database, pendingId);
    }
    if (hasLeftOver) await projectAgain({ database, cache }, await findLeftOverOfTenant(database, ctx));
    return true;
  } catch (error) {
    if (error instanceof UnavailableError) return false;
    throw error;
  }
}

/**
 * Sends the deletion of a mark and does not wait for its commit, which would double the time of a small write: what waits
 * is Postgres, not this process, and a mark that stays costs one needless projection by the sweep.
 */
function deleteSoon(database: Database, pendingId: string): void {
  deleteProjections(database, [pendingId]).catch(() => {
    // Such as a Postgres that went away meanwhile: the next write that needs it says so.
  });
}

/** Projects what crashes and outages left, of all tenants. Idempotent; two at once do no harm. Answers how many. */
export async function sweepProjections(stores: ProjectionStores): Promise<number> {
  let swept = 0;
  for (;;) {
    const leftOver = await findLeftOver(stores.database);
    await projectAgain(stores, leftOver);
    swept += leftOver.length;
    if (leftOver.length === 0) return swept;
  }
}

/** From `latest`, not from what was written then: newer rows may have come since. */
async function projectAgain(
  { database, cache }: ProjectionStores,
  pending: readonly PendingProjection[],
): Promise<void> {
  for (const projection of pending) {
    const { id, tenantId, entityType, table, entityIds, isStream } = projection;
    if (isStream) {
      await undoFilling(cache, projection);
      await deleteProjections(database, [id]);
      continue;
    }
    const ctx = { tenantId, tenantName: '' };
    const payloads = await readLatest(
      database,
      ctx,
      entityIds.map((entityId) => ({ table, entityId })),
    );
    await cache.writeNewest(
      entityIds.flatMap((entityId, index) => {
        const stored = payloads[index];
        return stored === null || stored === undefined
          ? []
          : [{ tenantId, entityType, entityId, field: table, stored }];
      }),
    );
    await deleteProjections(database, [id]);
  }
}

/**
 * Says of entities' tiles that the cache does not have all: the next read fills it from Postgres. Whoever is filling it now may
 * have read Postgres before these tiles were committed, and is not believed either.
 */
export async function undoFilling(
  cache: OnlineCache,
  {
    tenantId,
    entityType,
    table,
    entityIds,
  }: Pick<PendingProjection, 'tenantId' | 'entityType' | 'table' | 'entityIds'>,
): Promise<void> {
  const begunField = tileFields.begun(table);
  const fields = [begunField, tileFields.done(table)];
  const { reads } = await cache.read(
    entityIds.map((entityId) => ({ tenantId, entityType, entityId, fields })),
    [],
  );
  await cache.writeNewest(
    entityIds.flatMap((entityId, place) => {
      const [begun = null, done = null] = reads[place] ?? [];
      const stored = undoingMark({ begun, done });
      return begun === null ? [] : [{ tenantId, entityType, entityId, field: begunField, stored }];
    }),
  );
}
