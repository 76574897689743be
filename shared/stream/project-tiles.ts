import type { OnlineCache } from '../cache/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import {
  readTilesAt,
  type StreamEvent,
  type StreamPlan,
  type TileRow,
  tileFieldsOf,
  tilesTouchedBy,
} from '../tiles/index.ts';
import type { FoldedTile } from './fold-into-tiles.ts';

export interface ProjectionStores {
  readonly database: Queryable;
  readonly cache: OnlineCache;
}

/** What a call has changed in a view, and what it found unchanged. */
export interface ChangedTiles {
  readonly folded: readonly FoldedTile[];
  /** Events that had been stored before: perhaps by a call that ended between its commit and its projection. */
  readonly duplicates: readonly StreamEvent[];
}

/**
 * Brings the cache to what was committed, by revision: the newest wins, whoever writes last. The tiles of duplicates are read
 * for it.
 */
export async function projectTiles(
  { database, cache }: ProjectionStores,
  ctx: TenantContext,
  plan: StreamPlan,
  { folded, duplicates }: ChangedTiles,
  nowMicros: number,
): Promise<void> {
  const entryOf = (entityId: string) => ({ tenantId: ctx.tenantId, entityType: plan.entityType, entityId });
  const entriesOf = (entityId: string, row: TileRow, withSketches: boolean) =>
    tileFieldsOf(plan, row, { nowMicros, withSketches }).map((field) => ({ ...entryOf(entityId), ...field }));
  const entries = folded.flatMap((row) => entriesOf(row.entityId, row, row.areSketchesChanged));
  const keys = await tilesTouchedBy(plan, duplicates);
  const rows = await readTilesAt(database, ctx, plan.table, keys);
  for (const [place, { entityId }] of keys.entries()) {
    const row = rows[place];
    if (row !== undefined) entries.push(...entriesOf(entityId, row, true));
  }
  await cache.writeNewest(entries, 'projection');
}
