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
 * what was not used since goes. So each is held for an hour at most. One map in the order of use takes three times as long: each search for its first entry passes all that left it.
 */
export function createHeldTiles(most: number, clock: Clock): HeldTiles {
  let younger = new Map<string, HeldTile>();
  let older = new Map<string, HeldTile>();
  let sinceMicros = clock.nowMicros();
  const forgetOld = (): void => {
    const nowMicros = clock.nowMicros();
    if (nowMicros < sinceMicros + generationMicros) return;
    const hasStoodStill = nowMicros >= sinceMicros + 2 * generationMicros;
    older = hasStoodStill ? new Map() : younger;
    younger = new Map();
    sinceMicros = hasStoodStill ? nowMicros : sinceMicros + generationMicros;
  };
  const nameOf = ({ tenantId }: TenantContext, table: string, { entityId, hourMicros }: TileKey): string =>
    `${tenantId}.${table}.${hourMicros}.${entityId}`;
  return {
    take: (ctx, table, key) => {
      forgetOld();
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
      sinceMicros = clock.nowMicros();
    },
  };
}
