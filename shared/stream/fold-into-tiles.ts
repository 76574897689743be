import { createTile, encodeTile, foldEvent, mergeTile, rollUp, type Tile, tileStart } from '../aggregation/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import {
  countEvent,
  createLifetime,
  decodeTileRow,
  hourText,
  lifetimeHour,
  readTilesAt,
  type StreamEvent,
  type StreamPlan,
  type TileKey,
  type TileRow,
} from '../tiles/index.ts';
import { fromMicrosSql, viewTableName } from '../values/index.ts';

/** What new events add to one tile. */
interface TileDelta extends TileKey {
  readonly tile: Tile;
  newestMicros: number;
}

/**
 * Adds new events to the tiles of a view, and to the running lifetimes, within the transaction that stored them. Tiles are
 * read without a lock and written if their revision is still the next: those of which another writer was quicker are by then
 * locked by this statement, are read again, and merged again. Sorted by key, as all writers do.
 */
export async function foldIntoTiles(
  transaction: Queryable,
  ctx: TenantContext,
  plan: StreamPlan,
  events: readonly StreamEvent[],
): Promise<void> {
  const deltas = deltasOf(plan, events);
  if (deltas.length === 0) return;
  const stored = await readTilesAt(transaction, ctx, plan.table, deltas);
  const lost = await writeTiles(transaction, ctx, plan, mergeAll(plan, deltas, stored));
  if (lost.length === 0) return;
  const again = lost.flatMap((place) => deltas[place] ?? []);
  const newer = await readTilesAt(transaction, ctx, plan.table, again, 'FOR UPDATE');
  const lostAgain = await writeTiles(transaction, ctx, plan, mergeAll(plan, again, newer));
  if (lostAgain.length > 0) throw new Error('a locked tile was changed by another transaction');
}

/** By entity and hour. Of the views without lifetime windows no lifetimes. */
function deltasOf(plan: StreamPlan, events: readonly StreamEvent[]): TileDelta[] {
  const byEntity = new Map<string, Map<number, TileDelta>>();
  for (const event of events) {
    const counted = countEvent(plan, event);
    if (counted === undefined) continue;
    const { entityId, eventMicros } = counted;
    const hourMicros = tileStart(eventMicros);
    let ofEntity = byEntity.get(entityId);
    if (ofEntity === undefined) {
      ofEntity = new Map();
      byEntity.set(entityId, ofEntity);
    }
    let delta = ofEntity.get(hourMicros);
    if (delta === undefined) {
      delta = { entityId, hourMicros, tile: createTile(plan.fold, hourMicros), newestMicros: eventMicros };
      ofEntity.set(hourMicros, delta);
    }
    foldEvent(plan.fold, delta.tile, counted);
    if (eventMicros > delta.newestMicros) delta.newestMicros = eventMicros;
  }
  const deltas: TileDelta[] = [];
  for (const [entityId, ofEntity] of byEntity) {
    const tiles = [...ofEntity.values()];
    deltas.push(...tiles);
    if (plan.lifetimes.count === 0) continue;
    const tile = createLifetime(plan);
    for (const each of tiles) rollUp(plan.fold, plan.lifetimes, tile, each.tile);
    const newestMicros = tiles.reduce((newest, each) => Math.max(newest, each.newestMicros), 0);
    deltas.push({ entityId, hourMicros: lifetimeHour, tile, newestMicros });
  }
  return deltas.sort((a, b) =>
    a.entityId === b.entityId ? a.hourMicros - b.hourMicros : a.entityId < b.entityId ? -1 : 1,
  );
}

interface WrittenTile extends TileKey {
  readonly state: string;
  /** Undefined: as they are. */
  readonly sketches: string | null | undefined;
  readonly newestMicros: number;
  readonly revision: number;
}

/** What was stored stays as it is, and the deltas too, to be merged once more where another writer was quicker. */
function mergeAll(
  plan: StreamPlan,
  deltas: readonly TileDelta[],
  stored: readonly (TileRow | undefined)[],
): WrittenTile[] {
  return deltas.map(({ entityId, hourMicros, tile: delta, newestMicros }, place) => {
    const row = stored[place];
    if (row === undefined) return { entityId, hourMicros, ...encodeTile(plan.fold, delta), newestMicros, revision: 1 };
    const merged = mergeDelta(plan, row, delta);
    const { state, sketches } = encodeTile(plan.fold, merged.tile);
    return {
      ...{ entityId, hourMicros, state, newestMicros, revision: row.revision + 1 },
      sketches: merged.isChanged ? sketches : undefined,
    };
  });
}

function mergeDelta(plan: StreamPlan, row: TileRow, delta: Tile): { readonly tile: Tile; readonly isChanged: boolean } {
  const tile = decodeTileRow(plan, row);
  if (row.hourMicros !== lifetimeHour) return { isChanged: mergeTile(plan.fold, tile, delta), tile };
  rollUp(plan.fold, plan.lifetimes, tile, delta);
  return { tile, isChanged: true };
}

/** Answers the places of those that another writer had changed meanwhile. They are locked, as are the others. */
async function writeTiles(
  transaction: Queryable,
  { tenantId }: TenantContext,
  { table }: StreamPlan,
  tiles: readonly WrittenTile[],
): Promise<number[]> {
  const lost = await transaction.arrays({
    name: 'write_tiles',
    text: `
      WITH given AS MATERIALIZED (
        SELECT entity_id, hour, state, sketches, ${fromMicrosSql('newest_us')} AS newest_event_time, revision, place
        FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::float8[], $6::int[])
          WITH ORDINALITY AS tiles (entity_id, hour, state, sketches, newest_us, revision, place)
      ), written AS (
        INSERT INTO ${viewTableName(tenantId, table)} AS stored
          (entity_id, hour, state, sketches, newest_event_time, revision)
        SELECT entity_id, hour, state, sketches, newest_event_time, revision FROM given ORDER BY place
        ON CONFLICT (entity_id, hour) DO UPDATE SET
          state = excluded.state,
          sketches = CASE WHEN excluded.sketches = '' THEN stored.sketches ELSE excluded.sketches END,
          newest_event_time = greatest(stored.newest_event_time, excluded.newest_event_time),
          revision = excluded.revision
        WHERE stored.revision = excluded.revision - 1
        RETURNING entity_id, hour
      )
      SELECT (place - 1)::int4 FROM given
      WHERE NOT EXISTS (SELECT FROM written WHERE written.entity_id = given.entity_id AND written.hour = given.hour)
      ORDER BY place`,
    values: [
      tiles.map(({ entityId }) => entityId),
      tiles.map(({ hourMicros }) => hourText(hourMicros)),
      tiles.map(({ state }) => state),
      // The empty text leaves what is stored.
      tiles.map(({ sketches }) => (sketches === undefined ? '' : sketches)),
      tiles.map(({ newestMicros }) => newestMicros),
      tiles.map(({ revision }) => revision),
    ],
  });
  return lost.map(([place]) => Number(place));
}
