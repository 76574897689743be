import { createTile, decodeTile, rollUpStart, type Tile } from '../aggregation/index.ts';
import { formatMicros } from '../contract/time.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import { toMicrosSql, viewTableName } from '../values/index.ts';
import type { StreamPlan } from './stream-plan.ts';

/**
 * A tile as its table holds it. Three kinds of hours: those of tiles; `infinity`, the running total of an entity's lifetime
 * windows, which online reads take; and `-infinity`, what lifetime windows keep of tiles that retention dropped.
 */
export interface TileRow {
  readonly hourMicros: number;
  readonly state: string;
  readonly sketches: string | null;
  readonly newestMicros: number;
  /** Rises by one with every change. */
  readonly revision: number;
}

/** The hour of an entity's running lifetime. */
export const lifetimeHour = Number.POSITIVE_INFINITY;

/** The hour of what lifetime windows keep of tiles that are gone. */
export const rolledUpHour = Number.NEGATIVE_INFINITY;

/** Hours of an entity, the second not included. Microseconds since the epoch, or an infinity. */
export interface HourRange {
  readonly entityId: string;
  readonly fromMicros: number;
  readonly toMicros: number;
}

/** The tiles of each range, in the order of time; `withLast` those at its end too. */
export async function readTileRows(
  query: Queryable,
  ctx: TenantContext,
  table: string,
  ranges: readonly HourRange[],
  { withLast = false } = {},
): Promise<TileRow[][]> {
  const rows: TileRow[][] = ranges.map(() => []);
  if (ranges.length === 0) return rows;
  const found = await query.arrays({
    name: 'read_tiles',
    text: `
      SELECT range.place::int4, ${tileColumns}
      FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
        WITH ORDINALITY AS range (entity_id, from_hour, to_hour, place)
      CROSS JOIN LATERAL (
        SELECT * FROM ${viewTableName(ctx.tenantId, table)} AS stored
        WHERE stored.entity_id = range.entity_id AND stored.hour >= range.from_hour AND stored.hour ${withLast ? '<=' : '<'} range.to_hour
        ORDER BY stored.hour
        OFFSET 0
      ) AS tile`,
    values: [
      ranges.map(({ entityId }) => entityId),
      ranges.map(({ fromMicros }) => hourText(fromMicros)),
      ranges.map(({ toMicros }) => hourText(toMicros)),
    ],
  });
  for (const [place, ...columns] of found) rows[Number(place) - 1]?.push(tileRowOf(columns));
  return rows;
}

export interface TileKey {
  readonly entityId: string;
  readonly hourMicros: number;
}

/** The tiles of these keys; undefined where there is none yet. With `lock`, as they are once nobody else changes them. */
export async function readTilesAt(
  query: Queryable,
  ctx: TenantContext,
  table: string,
  keys: readonly TileKey[],
  lock: '' | 'FOR UPDATE' = '',
): Promise<(TileRow | undefined)[]> {
  const rows: (TileRow | undefined)[] = new Array(keys.length).fill(undefined);
  if (keys.length === 0) return rows;
  const found = await query.arrays({
    name: 'read_touched_tiles',
    text: `
      SELECT touched.place::int4, ${tileColumns}
      FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS touched (entity_id, hour, place)
      CROSS JOIN LATERAL (
        SELECT * FROM ${viewTableName(ctx.tenantId, table)} AS stored
        WHERE stored.entity_id = touched.entity_id AND stored.hour = touched.hour
        LIMIT 1 ${lock}
      ) AS tile`,
    values: [keys.map(({ entityId }) => entityId), keys.map(({ hourMicros }) => hourText(hourMicros))],
  });
  for (const [place, ...columns] of found) rows[Number(place) - 1] = tileRowOf(columns);
  return rows;
}

/** Of a table that is called `tile`, as `tileRowOf` reads them. */
export const tileColumns = `${toMicrosSql('tile.hour')}, tile.state, tile.sketches, ${toMicrosSql('tile.newest_event_time')}, tile.revision`;

export function tileRowOf([hour, state, sketches, newest, revision]: (string | number | boolean | null)[]): TileRow {
  return {
    hourMicros: Number(hour),
    state: String(state),
    sketches: sketches === null || sketches === undefined ? null : String(sketches),
    newestMicros: Number(newest),
    revision: Number(revision),
  };
}

/** For a parameter of timestamptz[]. */
export function hourText(micros: number): string {
  if (Number.isFinite(micros)) return formatMicros(micros);
  return micros > 0 ? 'infinity' : '-infinity';
}

/** The running lifetime and what was rolled up both begin before everything. */
export function decodeTileRow({ fold }: StreamPlan, { hourMicros, state, sketches }: TileRow): Tile {
  return decodeTile(fold, Number.isFinite(hourMicros) ? hourMicros : rollUpStart, { state, sketches });
}

export function createLifetime({ fold }: StreamPlan): Tile {
  return createTile(fold, rollUpStart);
}
