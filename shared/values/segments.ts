import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import { viewTableName } from './tables.ts';

/** A table that is cut by event time: of a view's rows, or of a source's events. */
export interface CutTable {
  readonly ctx: TenantContext;
  readonly table: string;
}

/** What a table is cut into: a native partition or a chunk of TimescaleDB. Times in microseconds, `to` exclusive. */
export interface Segment {
  /** Qualified and quoted. */
  readonly name: string;
  readonly fromMicros: number;
  readonly toMicros: number;
}

export interface Chunk extends Segment {
  /** Not compressed yet, or rows came after: compressing does something. */
  readonly isCompressible: boolean;
  readonly isCompressed: boolean;
}

/** Whether TimescaleDB cuts the table; a table made before it was there is native until it is converted. */
export async function isHypertable(query: Queryable, { ctx, table }: CutTable): Promise<boolean> {
  const [found] = await query.rows<{ kind: string }>({
    name: 'read_table_kind',
    text: 'SELECT relkind::text AS kind FROM pg_class WHERE oid = $1::text::regclass',
    values: [viewTableName(ctx.tenantId, table)],
  });
  return found?.kind === 'r';
}

/** What a table is cut into, oldest first. */
export async function listSegments(query: Queryable, table: CutTable): Promise<Segment[]> {
  return (await isHypertable(query, table)) ? listChunks(query, table) : listPartitions(query, table);
}

/** The monthly partitions of a native table, oldest first; their names say their months. */
export function listPartitions(query: Queryable, { ctx, table }: CutTable): Promise<Segment[]> {
  return query.rows({
    name: 'list_partitions',
    text: `
      SELECT name, (extract(epoch FROM month AT TIME ZONE 'UTC') * 1000000)::float8 AS "fromMicros",
        (extract(epoch FROM (month + interval '1 month') AT TIME ZONE 'UTC') * 1000000)::float8 AS "toMicros"
      FROM (
        SELECT format('%I.%I', $2::text, relname) AS name, to_date(right(relname, 6), 'YYYYMM')::timestamp AS month
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = $1::text::regclass
      ) AS partitions ORDER BY month`,
    values: [viewTableName(ctx.tenantId, table), ctx.tenantId],
  });
}

/** The chunks of a hypertable, oldest first. */
export function listChunks(query: Queryable, { ctx, table }: CutTable): Promise<Chunk[]> {
  return query.rows({
    name: 'list_chunks',
    // Bits of a chunk's status: 1 compressed, 4 frozen, 8 with rows that came after; the views of TimescaleDB do not tell.
    text: `
      SELECT format('%I.%I', chunk_schema, chunk_name) AS name,
        (extract(epoch FROM range_start) * 1000000)::float8 AS "fromMicros",
        (extract(epoch FROM range_end) * 1000000)::float8 AS "toMicros",
        chunk.status & 1 = 1 AS "isCompressed",
        chunk.status <> 1 AND chunk.status & 4 = 0 AS "isCompressible"
      FROM timescaledb_information.chunks AS shown
      JOIN _timescaledb_catalog.chunk AS chunk ON chunk.schema_name = shown.chunk_schema AND chunk.table_name = shown.chunk_name
      WHERE hypertable_schema = $1 AND hypertable_name = $2
      ORDER BY range_start`,
    values: [ctx.tenantId, table],
  });
}
