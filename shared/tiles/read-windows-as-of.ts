import {
  type CountedEvent,
  createTile,
  firstTileStart,
  foldEvent,
  headStart,
  type Selection,
  selectFeatures,
  type Tile,
  tileStart,
  type WindowsRead,
} from '../aggregation/index.ts';
import { readEventsFrom } from '../events/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { StoredRow } from '../values/index.ts';
import { type EventRange, readEvents } from './read-events.ts';
import type { StreamPlan } from './stream-plan.ts';
import { decodeTileRow, type HourRange, readTileRows, type TileRow } from './tile-rows.ts';
import { windowRow } from './window-row.ts';

export interface WindowsAsOf {
  readonly plan: StreamPlan;
  /** Positions of the features. */
  readonly positions: readonly number[];
  readonly spine: { readonly entityIds: readonly string[]; readonly asOfMicros: readonly number[] };
  /** Only events recorded by then count. */
  readonly knownAtMicros?: number | undefined;
}

/** Entities that are read at once: of 2,000 tiles each, 100 are some 20 MB. */
const entitiesAtOnce = 100;

/**
 * For each place of the spine what the windows hold of its entity as of its moment. The tiles answer, and for the hop that
 * a moment lies in the raw events; with `knownAtMicros` the raw events, since tiles do not tell when an event came. Of
 * times of which the raw events were dropped the tiles tell then too: what is that old counts always. What was rolled up is
 * in the tile at `-infinity`, for lifetime windows.
 */
export async function readWindowsAsOf(
  query: Queryable,
  ctx: TenantContext,
  { plan, positions, spine, knownAtMicros }: WindowsAsOf,
): Promise<StoredRow[]> {
  const selection = selectFeatures(plan.fold, positions);
  const rows: StoredRow[] = [];
  const places = [...Map.groupBy(spine.entityIds.keys(), (place) => spine.entityIds[place] ?? '')];
  for (let from = 0; from < places.length; from += entitiesAtOnce) {
    const entities = places.slice(from, from + entitiesAtOnce).map(([entityId, ofEntity]) => {
      const moments = ofEntity
        .map((place) => ({ place, asOfMicros: spine.asOfMicros[place] ?? 0 }))
        .sort((a, b) => a.asOfMicros - b.asOfMicros);
      return { entityId, moments };
    });
    const read = { plan, selection, positions, entities };
    const answers =
      knownAtMicros === undefined
        ? await readByTiles(query, ctx, read)
        : await readByEvents(query, ctx, read, knownAtMicros);
    for (const [place, row] of answers) rows[place] = row;
  }
  return rows;
}

interface Moment {
  readonly place: number;
  readonly asOfMicros: number;
}

interface EntitiesRead {
  readonly plan: StreamPlan;
  readonly selection: Selection;
  readonly positions: readonly number[];
  /** Each with its moments, the earliest first. */
  readonly entities: readonly { readonly entityId: string; readonly moments: readonly Moment[] }[];
}

type Answers = [place: number, row: StoredRow][];

async function readByTiles(query: Queryable, ctx: TenantContext, read: EntitiesRead): Promise<Answers> {
  const { plan, selection, positions, entities } = read;
  const tilesOf = await readTileRows(query, ctx, plan.table, rangesOf(read));
  const reads = entities.flatMap(({ entityId, moments }, index) => {
    const tiles = (tilesOf[index] ?? []).map((row) => ({ row, tile: decodeTileRow(plan, row) }));
    return moments.map(({ place, asOfMicros }) => {
      const before = tiles.filter(({ row }) => isBefore(row, asOfMicros)).map(({ tile }) => tile);
      const windows: WindowsRead = { plan: plan.fold, selection, tiles: before, asOfMicros };
      return { place, entityId, windows, fromMicros: headStart(windows) };
    });
  });
  const heads: (EventRange & { readonly place: number })[] = reads.flatMap(
    ({ place, entityId, windows, fromMicros }) =>
      fromMicros === undefined ? [] : [{ place, entityId, fromMicros, toMicros: windows.asOfMicros }],
  );
  const found = await readEvents(query, ctx, plan, heads, undefined);
  const headOf = new Map<number, CountedEvent[]>(heads.map(({ place }, index) => [place, found[index] ?? []]));
  return reads.map(({ place, windows }) => [
    place,
    windowRow({ ...windows, headEvents: headOf.get(place) }, positions),
  ]);
}

/** What was rolled up is one: as of a time within it there is no telling, and it is left out. */
function isBefore({ hourMicros, newestMicros }: TileRow, asOfMicros: number): boolean {
  return Number.isFinite(hourMicros) ? hourMicros < asOfMicros : newestMicros < asOfMicros;
}

async function readByEvents(
  query: Queryable,
  ctx: TenantContext,
  read: EntitiesRead,
  knownAtMicros: number,
): Promise<Answers> {
  const { plan, selection, positions, entities } = read;
  const ranges = rangesOf(read);
  const eventsOf = await readEvents(query, ctx, plan, ranges, knownAtMicros);
  // After the events, which were all there from then on, and before the tiles, which are all there before it.
  const eventsFrom = await readEventsFrom(query, ctx, plan.source.name);
  const hasDropped = Number.isFinite(eventsFrom);
  const droppedOf = hasDropped ? await readTileRows(query, ctx, plan.table, ranges.map(beforeEvents(eventsFrom))) : [];
  const answers: Answers = [];
  for (const [index, { moments }] of entities.entries()) {
    const dropped = droppedOf[index] ?? [];
    const events = (eventsOf[index] ?? []).filter(({ eventMicros }) => eventMicros >= eventsFrom);
    const tiles: Tile[] = [];
    let next = 0;
    // Moments and events in the order of time: the tiles grow from one moment to the next.
    for (const { place, asOfMicros } of moments) {
      for (let event = events[next]; event !== undefined && event.eventMicros < asOfMicros; event = events[++next]) {
        foldEvent(plan.fold, lastTile(plan, tiles, event), event);
      }
      const before = dropped.filter((row) => isBefore(row, asOfMicros)).map((row) => decodeTileRow(plan, row));
      answers.push([
        place,
        // A moment before the events cuts a tile of which there is nothing to tell.
        windowRow({ plan: plan.fold, selection, tiles: [...before, ...tiles], asOfMicros, headEvents: [] }, positions),
      ]);
    }
  }
  return answers;
}

function lastTile({ fold }: StreamPlan, tiles: Tile[], { eventMicros }: CountedEvent): Tile {
  const startMicros = tileStart(eventMicros);
  const last = tiles.at(-1);
  if (last?.startMicros === startMicros) return last;
  const tile = createTile(fold, startMicros);
  tiles.push(tile);
  return tile;
}

/** For each entity all hours of its moments' windows. */
function rangesOf({ selection, entities }: EntitiesRead): HourRange[] {
  return entities.map(({ entityId, moments }) => ({
    entityId,
    fromMicros: firstTileStart(selection, moments[0]?.asOfMicros ?? 0),
    toMicros: moments.at(-1)?.asOfMicros ?? 0,
  }));
}

/** What of a range raw events do not tell, and of lifetimes what was rolled up. */
function beforeEvents(eventsFrom: number): (range: HourRange) => HourRange {
  return (range) => ({ ...range, toMicros: Math.min(range.toMicros, eventsFrom) });
}
