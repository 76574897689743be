import type { Tile } from '../aggregation/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { TileKey } from '../tiles/index.ts';

/** A tile as this process has last committed it. */
export interface HeldTile {
  readonly tile: Tile;
  readonly newestMicros: number;
  readonly revision: number;
}

/**
 * The tiles that this process has lately written, decoded. Most events are of an hour that the last batch was of too, and a
 * tile that is here is neither read nor decoded again. What is here may be old: a write says so by its revision. A tile that is
 * taken is gone, and is put back once it is committed: so nobody sees what was not, and two transactions at once share none.
 */
export interface HeldTiles {
  take(ctx: TenantContext, table: string, key: TileKey): HeldTile | undefined;
  put(ctx: TenantContext, table: string, key: TileKey, held: HeldTile): void;
}

/**
 * A tile that has become so old that no window reaches it is rolled up and emptied, and removed two hours later at the
 * earliest (age-tiles.ts). Whoever still held it from before would bring back what it had.
 */
const generationMicros = 30 * 60 * 1_000_000;

/**
 * Of two generations of `most` / 2 tiles, some 2 KB each: once the younger is full or half an hour old, it is the older, and
 * what was not used since goes. So each is held for an hour at most. One map in the order of use takes three times as long: each
 * search for its first entry passes all that left it.
 */
export function createHeldTiles(most: number, clock: Clock): HeldTiles {
  let younger = createGeneration();
  let older = createGeneration();
  let sinceMicros = clock.nowMicros();
  const forgetOld = (): void => {
    const nowMicros = clock.nowMicros();
    if (nowMicros < sinceMicros + generationMicros) return;
    const hasStoodStill = nowMicros >= sinceMicros + 2 * generationMicros;
    older = hasStoodStill ? createGeneration() : younger;
    younger = createGeneration();
    sinceMicros = hasStoodStill ? nowMicros : sinceMicros + generationMicros;
  };
  return {
    take: (ctx, table, key) => {
      forgetOld();
      const inYounger = younger.of(ctx, table, key.hourMicros);
      const held = inYounger.get(key.entityId);
      if (held !== undefined) {
        inYounger.delete(key.entityId);
        younger.size--;
        return held;
      }
      const inOlder = older.of(ctx, table, key.hourMicros);
      const heldBefore = inOlder.get(key.entityId);
      if (heldBefore !== undefined) inOlder.delete(key.entityId);
      return heldBefore;
    },
    put: (ctx, table, key, held) => {
      younger.of(ctx, table, key.hourMicros).set(key.entityId, held);
      younger.size++;
      if (younger.size < most / 2) return;
      older = younger;
      younger = createGeneration();
      sinceMicros = clock.nowMicros();
    },
  };
}

interface Generation {
  /** By entity. */
  of(ctx: TenantContext, table: string, hourMicros: number): Map<string, HeldTile>;
  /** How many tiles are in it, or a few more. */
  size: number;
}

/** A map for each hour of a table: a batch is of one or two, and no name has to be made for each tile. */
function createGeneration(): Generation {
  const hours = new Map<string, Map<string, HeldTile>>();
  let last: { readonly tenantId: string; readonly table: string; readonly hourMicros: number } | undefined;
  let lastTiles = new Map<string, HeldTile>();
  return {
    of: ({ tenantId }, table, hourMicros) => {
      if (last?.hourMicros === hourMicros && last.table === table && last.tenantId === tenantId) return lastTiles;
      const name = `${tenantId}.${table}.${hourMicros}`;
      const tiles = hours.get(name) ?? new Map<string, HeldTile>();
      hours.set(name, tiles);
      last = { tenantId, table, hourMicros };
      lastTiles = tiles;
      return tiles;
    },
    size: 0,
  };
}
