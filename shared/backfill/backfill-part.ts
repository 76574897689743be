import { rawTable } from '../events/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { foldIntoTiles } from '../stream/index.ts';
import {
  fieldsRead,
  lifetimeHour,
  type StreamEvent,
  type StreamPlan,
  type TouchedTile,
  tilesTouchedBy,
} from '../tiles/index.ts';
import { addPendingTiles, fromMicrosSql, listSegments, type Segment, toMicrosSql } from '../values/index.ts';
import { chooseBlocks } from './choose-blocks.ts';
import { readOlderEvents } from './read-older-events.ts';

/** What one transaction has done. */
export interface PartDone {
  readonly isOver: boolean;
  readonly events: number;
  /** Whose tiles have changed, and the row in pending_projections that says so; null where none have. */
  readonly pending: { readonly id: string; readonly entityIds: readonly string[] } | null;
}

/** Whose tiles are read, merged and written by one statement each: with sets of 1,000 values a tile may have 100 KB. */
const eventsAtOnce = 5000;

/**
 * Counts the next part of a source's older events in a view: they and how far that is are one transaction, under the lock of the
 * backfill's row. So two runs take turns, and one that is ended anywhere has counted all of a part or nothing.
 */
export function backfillPart(database: Database, ctx: TenantContext, plan: StreamPlan): Promise<PartDone> {
  return database.transaction(async (transaction) => {
    const at = await lockBackfill(transaction, ctx, plan.table);
    if (at === undefined || at.status !== 'running') return { isOver: true, events: 0, pending: null };
    const segments = await listSegments(transaction, { ctx, table: rawTable(plan.source.name) });
    const segment = segments.find(({ fromMicros }) => at.segmentMicros === null || fromMicros >= at.segmentMicros);
    if (segment === undefined) {
      await finish(transaction, ctx, plan.table);
      return { isOver: true, events: 0, pending: null };
    }
    const { epoch } = at;
    const isBegun = segment.fromMicros === at.segmentMicros && at.fileNode !== null;
    const fields = fieldsRead(plan);
    const blocks = await chooseBlocks(transaction, segment.name, { from: isBegun ? at.nextBlock : 0, epoch, fields });
    // Now that the file cannot be exchanged any more.
    const fileNode = await readFileNode(transaction, segment);
    if (isBegun && fileNode !== at.fileNode) {
      throw new Error(`${segment.name} was written anew (VACUUM FULL, CLUSTER) while it was being backfilled from`);
    }
    if (blocks === undefined) {
      // What is made later has no event of an older registry.
      const next = { segmentMicros: segment.toMicros, fileNode: null, nextBlock: 0 };
      await remember(transaction, ctx, plan.table, { ...next, events: 0 });
      return { isOver: false, events: 0, pending: null };
    }
    const events = await readOlderEvents(transaction, segment.name, { blocks, epoch, fields });
    const entityIds = await fold(transaction, ctx, plan, events);
    const pending = entityIds.length === 0 ? null : { id: crypto.randomUUID(), entityIds };
    const { entityType, table } = plan;
    await addPendingTiles(transaction, ctx, pending === null ? [] : [{ ...pending, entityType, table }]);
    const next = { segmentMicros: segment.fromMicros, fileNode, nextBlock: blocks.to };
    await remember(transaction, ctx, plan.table, { ...next, events: events.length });
    return { isOver: false, events: events.length, pending };
  });
}

/** In pieces of whole entities, so that each tile is written once. Answers the entities. */
async function fold(
  transaction: Queryable,
  ctx: TenantContext,
  plan: StreamPlan,
  events: readonly StreamEvent[],
): Promise<string[]> {
  const touched = Map.groupBy(await tilesTouchedBy(plan, events), ({ entityId }) => entityId);
  let piece: TouchedTile[] = [];
  let inPiece = 0;
  for (const tiles of touched.values()) {
    piece.push(...tiles);
    for (const { hourMicros, events: ofTile } of tiles) if (hourMicros !== lifetimeHour) inPiece += ofTile.length;
    if (inPiece < eventsAtOnce) continue;
    await foldIntoTiles(transaction, ctx, plan, piece);
    piece = [];
    inPiece = 0;
  }
  await foldIntoTiles(transaction, ctx, plan, piece);
  return [...touched.keys()];
}

interface Place {
  /** Where the segment begins, or the one before ends. Null: nothing was begun. */
  readonly segmentMicros: number | null;
  /** Null: of this segment nothing was begun. */
  readonly fileNode: number | null;
  readonly nextBlock: number;
}

async function lockBackfill(
  transaction: Queryable,
  { tenantId }: TenantContext,
  table: string,
): Promise<(Place & { readonly status: string; readonly epoch: number }) | undefined> {
  const [found] = await transaction.rows<Place & { status: string; epoch: number }>({
    name: 'lock_backfill',
    text: `
      SELECT status, epoch, ${toMicrosSql('segment_from')} AS "segmentMicros", file_node::float8 AS "fileNode",
        next_block::float8 AS "nextBlock"
      FROM feature_store.backfills WHERE tenant_id = $1 AND view_table = $2 FOR UPDATE`,
    values: [tenantId, table],
  });
  return found;
}

/** Another file has the same rows in other blocks. */
async function readFileNode(transaction: Queryable, { name }: Segment): Promise<number> {
  const [found] = await transaction.rows<{ node: number }>({
    name: 'read_file_node',
    text: 'SELECT pg_relation_filenode($1::text::regclass)::int8::float8 AS node',
    values: [name],
  });
  return found?.node ?? 0;
}

async function remember(
  transaction: Queryable,
  { tenantId }: TenantContext,
  table: string,
  { segmentMicros, fileNode, nextBlock, events }: Place & { readonly events: number },
): Promise<void> {
  await transaction.rows({
    name: 'remember_backfill',
    text: `
      UPDATE feature_store.backfills SET segment_from = ${fromMicrosSql('$3::float8')}, file_node = $4, next_block = $5,
        events_done = events_done + $6
      WHERE tenant_id = $1 AND view_table = $2`,
    values: [tenantId, table, segmentMicros, fileNode, nextBlock, events],
  });
}

async function finish(transaction: Queryable, { tenantId }: TenantContext, table: string): Promise<void> {
  await transaction.rows({
    name: 'finish_backfill',
    text: `
      UPDATE feature_store.backfills SET status = 'done', events_total = events_done, finished_at = now()
      WHERE tenant_id = $1 AND view_table = $2`,
    values: [tenantId, table],
  });
}
