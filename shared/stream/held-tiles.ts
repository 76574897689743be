import type { Tile } from '../aggregation/index.ts';
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
 * Of two generations of `most` / 2 tiles, some 2 KB each: once the younger is full, it is the older, and what was not used
 * since goes. One map in the order of use takes three times as long: each search for its first entry passes all that left it.
 */
export function createHeldTiles(most: number): HeldTiles {
  let younger = new Map<string, HeldTile>();
  let older = new Map<string, HeldTile>();
  const nameOf = ({ tenantId }: TenantContext, table: string, { entityId, hourMicros }: TileKey): string =>
    `${tenantId}.${table}.${hourMicros}.${entityId}`;
  return {
    take: (ctx, table, key) => {
      const name = nameOf(ctx, table, key);
      const held = younger.get(name) ?? older.get(name);
      if (held !== undefined && !younger.delete(name)) older.delete(name);
      return held;
    },
    put: (ctx, table, key, held) => {
      younger.set(nameOf(ctx, table, key), held);
      if (younger.size < most / 2) return;
      older = younger;
      younger = new Map();
    },
  };
}
