import { createTile, encodeTile, hourMicros, rollUp, type Tile } from '../aggregation/index.ts';
import { readEventsFrom } from '../events/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import {
  createLifetime,
  decodeTileRow,
  hourText,
  readTilesAt,
  rolledUpHour,
  type TileRow,
  tileColumns,
  tileRowOf,
} from '../tiles/index.ts';
import { fromMicrosSql, viewTableName } from '../values/index.ts';
import { dailyPass, type PassStep } from './daily-pass.ts';
import type { TileTable } from './stream-tables.ts';

const microsPerDay = 86_400_000_000;

/** Of a step. An entity has 24 old tiles a day, or all of a time without maintenance; with sketches a tile may have 100 KB. */
const mostEntities = 500;
const mostTiles = 2000;

/**
 * Removes the tiles that no read within the source's retention needs any more: not for a window, the longest of which begins
 * before it, nor beside raw events, which are dropped by the month. Lifetime windows keep what they held in one tile at
 * `-infinity` for each entity (rollUp). Answers how many.
 *
 * A writer that has read a tile and adds to it after it was rolled up would bring it back, and it would count twice. So a
 * tile that is rolled up is first emptied, by which the writer loses its revision and reads again, and is removed by a
 * later pass, when no writer has it from before.
 */
export async function ageTiles(database: Database, tileTable: TileTable, clock: Clock): Promise<number> {
  const { ctx, table, plan } = tileTable;
  const nowMicros = clock.nowMicros();
  const { retentionDays, name } = plan.source;
  if (retentionDays === 0) return 0;
  const neededFrom = nowMicros - retentionDays * microsPerDay - plan.reachMicros;
  const eventsFrom = await readEventsFrom(database, ctx, name);
  const horizonMicros = Math.floor(Math.min(neededFrom, eventsFrom) / hourMicros) * hourMicros;
  if (!Number.isFinite(horizonMicros)) return 0;
  return dailyPass(database, ctx, { table, clock }, (transaction, from) =>
    plan.lifetimes.count === 0
      ? removeTiles(transaction, tileTable, { horizonMicros, from })
      : rollUpTiles(transaction, tileTable, { horizonMicros, from }, nowMicros),
  );
}

interface Part {
  /** Tiles of hours before it are old. */
  readonly horizonMicros: number;
  /** Of the entities after this one. */
  readonly from: string;
}

/** Entities after one, in their order: one descent of the primary key for each. */
const nextEntities = (name: string): string => `
  WITH RECURSIVE entities AS (
    (SELECT entity_id, 1 AS place FROM ${name} WHERE entity_id > $1 ORDER BY entity_id LIMIT 1)
    UNION ALL
    SELECT next.entity_id, place + 1 FROM entities CROSS JOIN LATERAL (
      SELECT entity_id FROM ${name} AS stored WHERE stored.entity_id > entities.entity_id ORDER BY entity_id LIMIT 1
    ) AS next WHERE place < ${mostEntities}
  )`;

/** Without lifetime windows a tile that comes back is only too old: it is right, and the next pass removes it again. */
async function removeTiles(
  transaction: Queryable,
  { ctx, table }: TileTable,
  { horizonMicros, from }: Part,
): Promise<PassStep> {
  const name = viewTableName(ctx.tenantId, table);
  const [found] = await transaction.rows<{ entities: number; last: string | null; removed: number }>({
    name: 'remove_tiles',
    text: `
      ${nextEntities(name)}, removed AS (
        DELETE FROM ${name} AS stored USING entities
        WHERE stored.entity_id = entities.entity_id AND stored.hour > '-infinity' AND stored.hour < ${fromMicrosSql('$2::float8')}
        RETURNING 1
      )
      SELECT (SELECT count(*)::int4 FROM entities) AS entities, (SELECT max(entity_id) FROM entities) AS last,
        (SELECT count(*)::int4 FROM removed) AS removed`,
    values: [from, horizonMicros],
  });
  const { entities = 0, last = null, removed = 0 } = found ?? {};
  return { to: entities < mostEntities || last === null ? undefined : last, done: removed };
}

interface OldTile {
  readonly entityId: string;
  readonly row: TileRow;
}

async function rollUpTiles(
  transaction: Queryable,
  tileTable: TileTable,
  part: Part,
  nowMicros: number,
): Promise<PassStep> {
  const { ctx, table, plan } = tileTable;
  await removeEmptied(transaction, tileTable, part, nowMicros);
  const { tiles, last, isEnd } = await lockOldTiles(transaction, tileTable, part);
  const byEntity = Map.groupBy(tiles, ({ entityId }) => entityId);
  const keys = [...byEntity.keys()].map((entityId) => ({ entityId, hourMicros: rolledUpHour }));
  const before = await readTilesAt(transaction, ctx, table, keys);
  const rolled = keys.map(({ entityId }, place) => {
    const old = (byEntity.get(entityId) ?? []).map(({ row }) => row);
    const row = before[place];
    const tile: Tile = row === undefined ? createLifetime(plan) : decodeTileRow(plan, row);
    for (const each of old) rollUp(plan.fold, plan.lifetimes, tile, decodeTileRow(plan, each));
    const newestMicros = Math.max(row?.newestMicros ?? 0, ...old.map((each) => each.newestMicros));
    return { entityId, ...encodeTile(plan.fold, tile), newestMicros, revision: (row?.revision ?? 0) + 1 };
  });
  await writeRolledUp(transaction, tileTable, rolled);
  await emptyTiles(transaction, tileTable, tiles, nowMicros);
  return { to: isEnd ? undefined : last, done: tiles.length };
}

/** How long a tile stands emptied at least: writers hold tiles for an hour (held-tiles.ts), and their transactions last 10 s. */
const emptiedMicros = 2 * hourMicros;

/**
 * When a tile was emptied stands where its newest event time was, two hundred years earlier: before all events, so that any
 * event that is added to it has the greater one.
 */
const centuriesMicros = 200 * 365.25 * microsPerDay;

async function removeEmptied(
  transaction: Queryable,
  { ctx, table }: TileTable,
  { horizonMicros, from }: Part,
  nowMicros: number,
): Promise<void> {
  const name = viewTableName(ctx.tenantId, table);
  await transaction.rows({
    name: 'remove_emptied_tiles',
    text: `
      ${nextEntities(name)}
      DELETE FROM ${name} AS stored USING entities
      WHERE stored.entity_id = entities.entity_id AND stored.hour > '-infinity' AND stored.hour < ${fromMicrosSql('$2::float8')}
        AND stored.newest_event_time < ${fromMicrosSql('$3::float8')}`,
    values: [from, horizonMicros, nowMicros - centuriesMicros - emptiedMicros],
  });
}

/** The old tiles of the next entities, no more than fit, and the last entity of which all are among them. */
async function lockOldTiles(
  transaction: Queryable,
  { ctx, table }: TileTable,
  { horizonMicros, from }: Part,
): Promise<{ tiles: OldTile[]; last: string; isEnd: boolean }> {
  const name = viewTableName(ctx.tenantId, table);
  const found = await transaction.arrays({
    name: 'lock_old_tiles',
    text: `
      ${nextEntities(name)}
      SELECT entities.entity_id, ${tileColumns}
      FROM (SELECT * FROM entities ORDER BY entity_id) AS entities
      LEFT JOIN LATERAL (
        SELECT * FROM ${name} AS stored
        WHERE stored.entity_id = entities.entity_id AND stored.hour > '-infinity' AND stored.hour < ${fromMicrosSql('$2::float8')}
          AND stored.newest_event_time >= 'epoch'
        ORDER BY stored.hour LIMIT ${mostTiles + 1} FOR UPDATE
      ) AS tile ON true
      LIMIT ${mostTiles + 1}`,
    values: [from, horizonMicros],
  });
  const isCut = found.length > mostTiles;
  const kept = isCut ? found.slice(0, mostTiles) : found;
  const ids = kept.map(([entityId]) => String(entityId));
  const lastId = ids.at(-1);
  // Of an entity that was cut the rest comes with the next step.
  const last = isCut ? (ids.findLast((id) => id !== String(found.at(-1)?.[0])) ?? from) : (lastId ?? from);
  const tiles = kept.flatMap(([entityId, hour = null, ...columns]) =>
    hour === null ? [] : [{ entityId: String(entityId), row: tileRowOf([hour, ...columns]) }],
  );
  return { tiles, last, isEnd: !isCut && new Set(ids).size < mostEntities };
}

async function writeRolledUp(
  transaction: Queryable,
  { ctx, table }: TileTable,
  rolled: readonly {
    readonly entityId: string;
    readonly state: string;
    readonly sketches: string | null;
    readonly newestMicros: number;
    readonly revision: number;
  }[],
): Promise<void> {
  await transaction.rows({
    name: 'write_rolled_up',
    text: `
      INSERT INTO ${viewTableName(ctx.tenantId, table)} (entity_id, hour, state, sketches, newest_event_time, revision)
      SELECT entity_id, '-infinity', state, sketches, ${fromMicrosSql('newest_us')}, revision
      FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::int[])
        AS rolled (entity_id, state, sketches, newest_us, revision)
      ORDER BY entity_id
      ON CONFLICT (entity_id, hour) DO UPDATE SET state = excluded.state, sketches = excluded.sketches,
        newest_event_time = excluded.newest_event_time, revision = excluded.revision`,
    values: [
      rolled.map(({ entityId }) => entityId),
      rolled.map(({ state }) => state),
      rolled.map(({ sketches }) => sketches),
      rolled.map(({ newestMicros }) => newestMicros),
      rolled.map(({ revision }) => revision),
    ],
  });
}

async function emptyTiles(
  transaction: Queryable,
  { ctx, table, plan }: TileTable,
  tiles: readonly OldTile[],
  nowMicros: number,
): Promise<void> {
  const empty = encodeTile(plan.fold, createTile(plan.fold, 0));
  await transaction.rows({
    name: 'empty_tiles',
    text: `
      UPDATE ${viewTableName(ctx.tenantId, table)} AS stored
      SET state = $3, sketches = $4, newest_event_time = ${fromMicrosSql('$5::float8')}, revision = stored.revision + 1
      FROM unnest($1::text[], $2::timestamptz[]) AS old (entity_id, hour)
      WHERE stored.entity_id = old.entity_id AND stored.hour = old.hour`,
    values: [
      tiles.map(({ entityId }) => entityId),
      tiles.map(({ row }) => hourText(row.hourMicros)),
      empty.state,
      empty.sketches,
      nowMicros - centuriesMicros,
    ],
  });
}
