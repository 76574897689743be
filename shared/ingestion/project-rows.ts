import { type OnlineCache, tileFields, undoingMark } from '../cache/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import {
  type Appended,
  deleteProjections,
  type EncodedRows,
  findLeftOverOfTenant,
  findPending,
  isPageFull,
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
        'projection',
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

/** Projects what crashes and outages left, of all tenants. Idempotent; two at once do no harm. Answers how many writes. */
export function sweepProjections(stores: ProjectionStores): Promise<number> {
  return projectPages(stores, 'left over');
}

/**
 * Projects all that was committed and is not known to be in the cache, however young: before a cache that was away is believed.
 * What writes under way leave meanwhile they project themselves.
 */
export function catchUpCache(stores: ProjectionStores): Promise<number> {
  return projectPages(stores, 'all');
}

async function projectPages(stores: ProjectionStores, which: 'left over' | 'all'): Promise<number> {
  for (let projected = 0; ; ) {
    const page = await findPending(stores.database, which);
    await projectAgain(stores, page);
    projected += page.length;
    if (!isPageFull(page)) return projected;
  }
}

/** From `latest`, not from what was written then: newer rows may have come since. */
async function projectAgain(stores: ProjectionStores, pending: readonly PendingProjection[]): Promise<void> {
  const byTable = Map.groupBy(pending, ({ tenantId, entityType, table }) => `${tenantId}\0${entityType}\0${table}`);
  for (const marks of byTable.values()) {
    // Of many small writes to few entities, as an outage leaves them, each entity once.
    for (const part of partsOf(marks)) await projectPart(stores, part);
  }
}

/** Marks of one table whose entities together are some thousands at most. */
function partsOf(marks: readonly PendingProjection[]): PendingProjection[][] {
  const parts: PendingProjection[][] = [];
  let entities = Number.POSITIVE_INFINITY;
  for (const mark of marks) {
    entities += mark.entityIds.length;
    if (entities > mostEntitiesAtOnce) {
      parts.push([]);
      entities = mark.entityIds.length;
    }
    parts.at(-1)?.push(mark);
  }
  return parts;
}

const mostEntitiesAtOnce = 5000;

async function projectPart({ database, cache }: ProjectionStores, part: readonly PendingProjection[]): Promise<void> {
  const [first] = part;
  if (first === undefined) return;
  const { tenantId, entityType, table, isStream } = first;
  const entityIds = [...new Set(part.flatMap((mark) => mark.entityIds))];
  if (isStream) await undoFilling(cache, { tenantId, entityType, table, entityIds });
  else {
    const keys = entityIds.map((entityId) => ({ table, entityId }));
    const payloads = await readLatest(database, { tenantId, tenantName: '' }, keys);
    await cache.writeNewest(
      entityIds.flatMap((entityId, index) => {
        const stored = payloads[index];
        return stored === null || stored === undefined
          ? []
          : [{ tenantId, entityType, entityId, field: table, stored }];
      }),
      'projection',
    );
  }
  await deleteProjections(
    database,
    part.map(({ id }) => id),
  );
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
    'projection',
  );
}
