import { createTile, encodeTile, foldEvent, rollUp, type Tile, tileStart } from '../aggregation/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import {
  createLifetime,
  decodeTileRow,
  lifetimeHour,
  readTilesAt,
  type StreamPlan,
  type TileRow,
  type TouchedTile,
} from '../tiles/index.ts';
import type { HeldTile, HeldTiles } from './held-tiles.ts';
import { type ChangedTile, writeTiles } from './write-tiles.ts';

/** A tile with new events in it, as it was written. */
export interface FoldedTile extends ChangedTile {
  readonly tile: Tile;
}

/**
 * Adds new events to the tiles of a view that they count in, and to the running lifetimes, within the transaction that stored them; answers the
 * tiles, to be held and projected once that has committed. Tiles are read without a lock, or held from before, and written if
 * their revision is still the next: those of which another writer was quicker are by then locked by this statement, are read
 * again, and folded again. Sorted by key, as all writers do.
 */
export async function foldIntoTiles(
  transaction: Queryable,
  ctx: TenantContext,
  plan: StreamPlan,
  touched: readonly TouchedTile[],
  held?: HeldTiles,
): Promise<FoldedTile[]> {
  if (touched.length === 0) return [];
  const before = touched.map((key) => held?.take(ctx, plan.table, key));
  const unknown = touched.filter((_, place) => before[place] === undefined);
  const stored = (await readTilesAt(transaction, ctx, plan.table, unknown)).values();
  const folded = touched.map((each, place) => foldOne(plan, each, before[place] ?? heldOf(plan, stored.next().value)));
  const lost = await writeTiles(transaction, ctx, plan, folded);
  if (lost.length === 0) return folded;
  const again = lost.flatMap((place) => touched[place] ?? []);
  const newer = await readTilesAt(transaction, ctx, plan.table, again, 'FOR UPDATE');
  const foldedAgain = again.map((each, place) => foldOne(plan, each, heldOf(plan, newer[place])));
  const lostAgain = await writeTiles(transaction, ctx, plan, foldedAgain);
  if (lostAgain.length > 0) throw new Error('a locked tile was changed by another transaction');
  for (const [index, place] of lost.entries()) {
    const tile = foldedAgain[index];
    if (tile !== undefined) folded[place] = tile;
  }
  return folded;
}

function heldOf(plan: StreamPlan, row: TileRow | undefined): HeldTile | undefined {
  return row && { tile: decodeTileRow(plan, row), newestMicros: row.newestMicros, revision: row.revision };
}

/** Changes the tile of `before`, which nobody else has. */
function foldOne(
  plan: StreamPlan,
  { entityId, hourMicros, events }: TouchedTile,
  before: HeldTile | undefined,
): FoldedTile {
  const isLifetime = hourMicros === lifetimeHour;
  const tile = before?.tile ?? (isLifetime ? createLifetime(plan) : createTile(plan.fold, hourMicros));
  let areSketchesChanged = before === undefined || isLifetime;
  let newestMicros = before?.newestMicros ?? 0;
  const into = isLifetime ? createTile(plan.fold, tileStart(events[0]?.eventMicros ?? 0)) : tile;
  for (const event of events) {
    areSketchesChanged = foldEvent(plan.fold, into, event) || areSketchesChanged;
    if (event.eventMicros > newestMicros) newestMicros = event.eventMicros;
  }
  if (isLifetime) rollUp(plan.fold, plan.lifetimes, tile, into);
  const { state, sketches } = encodeTile(plan.fold, tile, { withSketches: areSketchesChanged });
  return {
    ...{ entityId, hourMicros, tile, state, sketches, newestMicros, areSketchesChanged },
    revision: (before?.revision ?? 0) + 1,
  };
}
