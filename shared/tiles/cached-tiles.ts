import {
  firstTileStart,
  headStart,
  hourMicros,
  type PackedTail,
  readWindows,
  type Tile,
  type WindowValue,
} from '../aggregation/index.ts';
import { isFilled, orderOf, type TileMarks } from '../cache/index.ts';
import type { StoredRow } from '../values/index.ts';
import type { WindowsAsked } from './ask-windows.ts';
import { packTails, tailFields, tailsOf } from './cached-tails.ts';
import { readSpans } from './read-spans.ts';
import type { TileField } from './tile-fields.ts';
import { decodeTileRow, lifetimeHour, type TileRow } from './tile-rows.ts';
import { rowOf } from './window-row.ts';

/** What the cache has of the fields that were asked for. */
export interface CachedWindows {
  readonly texts: readonly (string | null)[];
  readonly isWhole: boolean;
  /** When they were asked for. */
  readonly askedMicros: number;
}

/** Whether what was read is enough; else the whole is to be read, and its tails are to be kept. */
export function isEnough(asked: WindowsAsked, { texts, isWhole, askedMicros }: CachedWindows): boolean {
  if (isWhole || asked.byTail.length === 0 || !isFilled(marksOf(texts))) return true;
  return tailsOf(asked, texts, firstOfTails(asked), askedMicros) !== undefined;
}

/** Of what was read whole. */
export function tailsToKeep(asked: WindowsAsked, texts: readonly (string | null)[], nowMicros: number): TileField[] {
  if (!isFilled(marksOf(texts))) return [];
  return packTails(asked, { plan: asked.plan, texts, first: firstOfSpans(asked), asOfMicros: nowMicros });
}

function firstOfTails({ lifetimePositions }: WindowsAsked): number {
  return lifetimePositions.length > 0 ? 3 : 2;
}

function firstOfSpans(asked: WindowsAsked): number {
  return firstOfTails(asked) + tailFields * asked.byTail.length;
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
  { texts, isWhole, askedMicros }: CachedWindows,
  asOfMicros: number,
): StoredRow | 'not filled' | 'not here' {
  if (!isFilled(marksOf(texts))) return 'not filled';
  // Another hour has other fields.
  if (Math.floor(asOfMicros / hourMicros) !== Math.floor(askedMicros / hourMicros)) return 'not here';
  const hasLifetime = asked.lifetimePositions.length > 0;
  const lifetime = hasLifetime ? (texts[2] ?? null) : null;
  const { plan, windowed } = asked;
  const tails = isWhole ? noTails : tailsOf(asked, texts, firstOfTails(asked), asOfMicros);
  if (tails === undefined) return 'not here';
  const windows = readSpans({ plan, windowed, texts, first: firstOfSpans(asked), asOfMicros, tails });
  if (typeof windows === 'string') return windows;
  return answer(asked, asOfMicros, windows, lifetime === null ? undefined : parseLifetime(lifetime));
}

const noTails: ReadonlyMap<number, PackedTail> = new Map();

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
  const read = { plan: plan.fold, selection: windowed, tiles, asOfMicros };
  if (headStart(read) !== undefined) return 'not here';
  return answer(asked, asOfMicros, readWindows(read), rows.lifetime);
}

function answer(
  { plan, windowedPositions, lifetimes, lifetimePositions }: WindowsAsked,
  asOfMicros: number,
  windows: readonly WindowValue[],
  row: TileRow | undefined,
): StoredRow | 'not here' {
  if (lifetimePositions.length === 0) return rowOf([[windows, windowedPositions]]);
  if (row !== undefined && row.newestMicros >= asOfMicros) return 'not here';
  const tiles: Tile[] = row === undefined ? [] : [decodeTileRow(plan, row)];
  const lifetime = readWindows({ plan: plan.fold, selection: lifetimes, tiles, asOfMicros });
  return rowOf([
    [windows, windowedPositions],
    [lifetime, lifetimePositions],
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
