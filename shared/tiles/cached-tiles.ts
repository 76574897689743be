import { firstTileStart, headStart, type Selection, selectFeatures, type Tile } from '../aggregation/index.ts';
import { isFilled, orderOf, orderText, type TileMarks, tileFields } from '../cache/index.ts';
import type { StoredRow } from '../values/index.ts';
import type { StreamPlan } from './stream-plan.ts';
import { decodeTileRow, lifetimeHour, type TileRow } from './tile-rows.ts';
import { rowOf } from './window-row.ts';

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

const dayMicros = 86_400_000_000;

export function dayOf(micros: number): number {
  return Math.floor(micros / dayMicros);
}

/**
 * The fields of the cache that hold what was asked, for a moment that is now or soon: the marks, the running lifetime,
 * and each day of the windows, tomorrow too, since midnight may come before the answer.
 */
export function fieldsAsked(
  { plan, windowed, windowedPositions, lifetimePositions }: WindowsAsked,
  nowMicros: number,
): string[] {
  const { table, ringDays } = plan;
  const fields = [tileFields.begun(table), tileFields.done(table)];
  if (lifetimePositions.length > 0) fields.push(tileFields.lifetime(table));
  if (windowedPositions.length === 0) return fields;
  const last = dayOf(nowMicros) + 1;
  const first = Math.max(dayOf(firstTileStart(windowed, nowMicros)), last - ringDays + 1);
  for (let day = first; day <= last; day++) fields.push(tileFields.day(table, day, ringDays));
  return fields;
}

export function marksOf([begun = null, done = null]: readonly (string | null)[]): TileMarks {
  return { begun, done };
}

/**
 * What the fields answer as of a moment. A miss where the hash does not have all, or where an event of the next seconds is in
 * what was counted: then the events themselves say what was before the moment.
 */
export function readCachedWindows(
  asked: WindowsAsked,
  texts: readonly (string | null)[],
  asOfMicros: number,
): StoredRow | 'not filled' | 'has coming' {
  if (!isFilled(marksOf(texts))) return 'not filled';
  const hasLifetime = asked.lifetimePositions.length > 0;
  const lifetime = hasLifetime ? (texts[2] ?? null) : null;
  return answerWindows(asked, asOfMicros, {
    lifetime: lifetime === null ? undefined : parseLifetime(lifetime),
    tiles: texts.slice(hasLifetime ? 3 : 2).flatMap((text) => (text === null ? [] : parseDay(text))),
  });
}

/** Tiles of an entity, in any order, and its running lifetime. */
export interface EntityTiles {
  readonly tiles: readonly TileRow[];
  readonly lifetime: TileRow | undefined;
}

export function answerWindows(asked: WindowsAsked, asOfMicros: number, rows: EntityTiles): StoredRow | 'has coming' {
  const { plan, windowed, windowedPositions, lifetimes, lifetimePositions } = asked;
  if (rows.lifetime !== undefined && lifetimePositions.length > 0 && rows.lifetime.newestMicros >= asOfMicros) {
    return 'has coming';
  }
  const fromMicros = windowedPositions.length === 0 ? Number.POSITIVE_INFINITY : firstTileStart(windowed, asOfMicros);
  const tiles = rows.tiles
    .filter(({ hourMicros }) => hourMicros >= fromMicros && hourMicros < asOfMicros)
    .sort((a, b) => a.hourMicros - b.hourMicros)
    .map((row) => decodeTileRow(plan, row));
  const read = { plan: plan.fold, selection: windowed, tiles, asOfMicros };
  if (headStart(read) !== undefined) return 'has coming';
  const lifetime: Tile[] = rows.lifetime === undefined ? [] : [decodeTileRow(plan, rows.lifetime)];
  return rowOf([
    [read, windowedPositions],
    [{ plan: plan.fold, selection: lifetimes, tiles: lifetime, asOfMicros }, lifetimePositions],
  ]);
}

/** A field of the cache: an order, by which the newest wins, and tiles. */
export interface TileField {
  readonly field: string;
  readonly stored: string;
}

/**
 * A day's tiles as a field of the cache: `[day,revisions,hour,state,sketches,newest,…]`. The sum of the tiles' revisions rises with
 * every change of any of them, so the newest that was read from Postgres wins, whoever writes last.
 */
export function dayFields({ table, ringDays }: StreamPlan, rows: readonly TileRow[]): TileField[] {
  return [...Map.groupBy(rows, ({ hourMicros }) => dayOf(hourMicros))].map(([day, ofDay]) => {
    const revisions = ofDay.reduce((sum, { revision }) => sum + revision, 0);
    const tiles = ofDay.map(
      ({ hourMicros, state, sketches, newestMicros }) =>
        `,${hourMicros},${JSON.stringify(state)},${JSON.stringify(sketches)},${newestMicros}`,
    );
    return { field: tileFields.day(table, day, ringDays), stored: `[${orderText(day, revisions)}${tiles.join('')}]` };
  });
}

export function lifetimeField({ table }: StreamPlan, { state, sketches, newestMicros, revision }: TileRow): TileField {
  const tile = `${JSON.stringify(state)},${JSON.stringify(sketches)},${newestMicros}`;
  return { field: tileFields.lifetime(table), stored: `[${orderText(0, revision)},${tile}]` };
}

function parseDay(text: string): TileRow[] {
  const [, , ...parts]: [number, number, ...(string | number | null)[]] = JSON.parse(text);
  const rows: TileRow[] = [];
  for (let place = 0; place < parts.length; place += 4) {
    const [hour, state, sketches, newest] = parts.slice(place, place + 4);
    rows.push({ hourMicros: Number(hour), ...tileOf(state, sketches, newest), revision: 0 });
  }
  return rows;
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
