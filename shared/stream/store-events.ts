import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { StreamSource } from '../registry/index.ts';
import { type StreamPlan, tilesTouchedBy } from '../tiles/index.ts';
import { addPendingTiles } from '../values/index.ts';
import { type FoldedTile, foldIntoTiles } from './fold-into-tiles.ts';
import type { HeldTiles } from './held-tiles.ts';
import { insertEvents } from './insert-events.ts';
import type { JudgedEvent } from './judge-events.ts';

export interface StreamsOfSource {
  readonly source: StreamSource;
  /** Of the registry that says so. */
  readonly epoch: number;
  /** Of each table of tiles, sorted by it: in the same order every writer writes them. */
  readonly plans: readonly StreamPlan[];
}

export interface StoredEvents {
  /** Those that had been stored before; all others are new. */
  readonly duplicates: readonly JudgedEvent[];
  readonly folded: readonly FoldedView[];
  /** Of the rows in pending_projections. */
  readonly pendingIds: readonly string[];
}

export interface FoldedView {
  readonly plan: StreamPlan;
  /** By entity. */
  readonly tiles: readonly FoldedTile[];
}

/** Nothing is stored: the registry is older than the source asks for. */
export interface OutdatedRegistry {
  readonly neededEpoch: number;
}

/** One transaction: the new events, the tiles of all views over the source, and a mark of what the cache has not yet. */
export function storeEvents(
  { database, held }: { readonly database: Database; readonly held: HeldTiles },
  ctx: TenantContext,
  { source, plans, epoch }: StreamsOfSource,
  events: readonly JudgedEvent[],
): Promise<StoredEvents | OutdatedRegistry> {
  return database.transaction(async (transaction) => {
    const inserted = await insertEvents(transaction, ctx, source, events, epoch);
    if (inserted.neededEpoch !== undefined) return { neededEpoch: inserted.neededEpoch };
    const { fresh, duplicates } = inserted;
    const folded: FoldedView[] = [];
    for (const plan of plans) {
      const touched = await tilesTouchedBy(plan, fresh);
      folded.push({ plan, tiles: await foldIntoTiles(transaction, ctx, plan, touched, held) });
    }
    const pending = folded.flatMap(({ plan: { entityType, table }, tiles }) => {
      const entityIds = [...new Set(tiles.map(({ entityId }) => entityId))];
      return entityIds.length === 0 ? [] : [{ id: crypto.randomUUID(), entityType, table, entityIds }];
    });
    await addPendingTiles(transaction, ctx, pending);
    return { duplicates, folded, pendingIds: pending.map(({ id }) => id) };
  });
}
