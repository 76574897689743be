import {
  firstTileStart,
  headStart,
  hourMicros,
  type Selection,
  selectFeatures,
  type Tile,
  type Window,
  windowStart,
} from '../aggregation/index.ts';
import { isFilled, orderOf, type TileMarks, tileFields } from '../cache/index.ts';
import type { StoredRow } from '../values/index.ts';
import { readSpans } from './read-spans.ts';
import type { StreamPlan } from './stream-plan.ts';
import { decodeTileRow, lifetimeHour, type TileRow } from './tile-rows.ts';
import { rowOf, windowRow } from './window-row.ts';

/** The features of a stream view that are read together, compiled once. */
export interface WindowsAsked {
  readonly plan: StreamPlan;
  /** Of features with a window. */
  readonly windowed: Selection;
  readonly windowedPositions: readonly number[];
  /** Of those without, which the running lifetime answers. */
  readonly lifetimes: Selection;
  readonly lifetimePositions: readonly number[];
}

export function askWindows(plan: StreamPlan, positions: readonly number[]): WindowsAsked {
  const isLifetime = (position: number): boolean => plan.fold.features[position]?.window === null;
  const windowedPositions = positions.filter((position) => !isLifetime(position));
  const lifetimePositions = positions.filter(isLifetime);
  return {
    plan,
    windowed: selectFeatures(plan.fold, windowedPositions),
    windowedPositions,
    lifetimes: selectFeatures(plan.fold, lifetimePositions),
    lifetimePositions,
  };
}

/**
 * The fields of the cache that hold what was asked, for a moment that is now or soon: the marks, the running lifetime,
 * each span of the windows, the next too, since it may begin before the answer, and hours of sketches where they are needed.
 */
export function fieldsAsked({ plan, windowed, lifetimePositions }: WindowsAsked, nowMicros: number): string[] {
  const { table, spans } = plan;
  const fields = [tileFields.begun(table), tileFields.done(table)];
  if (lifetimePositions.length > 0) fields.push(tileFields.lifetime(table));
  for (const { group, windows } of windowed.groups) {
    const span = spans[group];
    const longest = windows.at(-1);
    if (span === undefined || longest === undefined) continue;
    const last = Math.floor(nowMicros / span.spanMicros) + 1;
    for (let at = spanOf(longest.window, nowMicros, span.spanMicros); at <= last; at++) {
      fields.push(tileFields.numbers(table, group, at, span.ringSpans));
    }
    const withParts = windows.findLast(({ parts }) => parts.length > 0);
    if (withParts === undefined) continue;
    const lastHour = Math.floor(nowMicros / hourMicros) + 1;
    for (let hour = spanOf(withParts.window, nowMicros, hourMicros); hour <= lastHour; hour++) {
      fields.push(tileFields.sketches(table, group, hour, span.ringHours));
    }
  }
  return fields;
}

function spanOf(window: Window | null, nowMicros: number, spanMicros: number): number {
  return Math.floor(windowStart(window, nowMicros) / spanMicros);
}

export function marksOf([begun = null, done = null]: readonly (string | null)[]): TileMarks {
  return { begun, done };
}

/**
 * What the fields answer as of a moment. `not filled` where the hash does not have all, and `not here` where what it has is not
 * enough: an event of the next seconds is in what was counted, or a sum is longer than a cache keeps it. Then the tables answer.
 */
export function readCachedWindows(
  asked: WindowsAsked,
  texts: readonly (string | null)[],
  asOfMicros: number,
): StoredRow | 'not filled' | 'not here' {
  if (!isFilled(marksOf(texts))) return 'not filled';
  const hasLifetime = asked.lifetimePositions.length > 0;
  const lifetime = hasLifetime ? (texts[2] ?? null) : null;
  const tiles = readSpans(asked, texts, hasLifetime ? 3 : 2, asOfMicros);
  if (typeof tiles === 'string') return tiles;
  return answerTiles(asked, asOfMicros, tiles, lifetime === null ? undefined : parseLifetime(lifetime));
}

/** Tiles of an entity, in any order, and its running lifetime. */
export interface EntityTiles {
  readonly tiles: readonly TileRow[];
  readonly lifetime: TileRow | undefined;
}

export function answerWindows(asked: WindowsAsked, asOfMicros: number, rows: EntityTiles): StoredRow | 'not here' {
  const { plan, windowed, windowedPositions } = asked;
  const fromMicros = windowedPositions.length === 0 ? Number.POSITIVE_INFINITY : firstTileStart(windowed, asOfMicros);
  const tiles = rows.tiles
    .filter(({ hourMicros: start }) => start >= fromMicros && start < asOfMicros)
    .sort((a, b) => a.hourMicros - b.hourMicros)
    .map((row) => decodeTileRow(plan, row));
  return answerTiles(asked, asOfMicros, tiles, rows.lifetime);
}

function answerTiles(
  { plan, windowed, windowedPositions, lifetimes, lifetimePositions }: WindowsAsked,
  asOfMicros: number,
  tiles: readonly Tile[],
  lifetimeRow: TileRow | undefined,
): StoredRow | 'not here' {
  if (lifetimeRow !== undefined && lifetimePositions.length > 0 && lifetimeRow.newestMicros >= asOfMicros) {
    return 'not here';
  }
  const read = { plan: plan.fold, selection: windowed, tiles, asOfMicros };
  if (headStart(read) !== undefined) return 'not here';
  if (lifetimePositions.length === 0) return windowRow(read, windowedPositions);
  const lifetime: Tile[] = lifetimeRow === undefined ? [] : [decodeTileRow(plan, lifetimeRow)];
  return rowOf([
    [read, windowedPositions],
    [{ plan: plan.fold, selection: lifetimes, tiles: lifetime, asOfMicros }, lifetimePositions],
  ]);
}

function parseLifetime(text: string): TileRow {
  const [, revision, state, sketches, newest]: [number, number, string, string | null, number] = JSON.parse(text);
  return { hourMicros: lifetimeHour, ...tileOf(state, sketches, newest), revision: orderOf(revision) };
}

function tileOf(
  state: unknown,
  sketches: unknown,
  newest: unknown,
): Pick<TileRow, 'state' | 'sketches' | 'newestMicros'> {
  return {
    state: String(state),
    sketches: typeof sketches === 'string' ? sketches : null,
    newestMicros: Number(newest),
  };
}
