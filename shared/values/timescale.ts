import type { Database, Queryable } from '../platform/database.ts';

/** What the TimescaleDB of a database can do. On plain Postgres nothing: view tables are native partitions then. */
export interface Timescale {
  /** Of the Apache edition: tables are cut into chunks. */
  readonly hypertables: boolean;
  /** Of the community edition alone: compression and continuous aggregates. */
  readonly community: boolean;
}

/** Asks once what the database has; the rest of the code is told. */
export async function readTimescale(query: Queryable): Promise<Timescale> {
  const [installed] = await query.rows<{ license: string | null }>({
    name: 'read_timescale',
    text: `SELECT current_setting('timescaledb.license', true) AS license FROM pg_extension WHERE extname = 'timescaledb'`,
  });
  return { hypertables: installed !== undefined, community: installed?.license === 'timescale' };
}

/**
 * Takes TimescaleDB into the database where the server offers it, and answers whether it is there then. A server that has
 * its files and does not load it, or a login that may not, keeps native partitions: that is no fault. As whoever migrates.
 */
export async function enableTimescale(database: Database): Promise<boolean> {
  const [offered] = await database.rows<{ installed: boolean }>({
    name: 'find_timescale',
    text: `SELECT installed_version IS NOT NULL AS installed FROM pg_available_extensions WHERE name = 'timescaledb'`,
  });
  if (offered === undefined || offered.installed) return offered !== undefined;
  try {
    await database.script('CREATE EXTENSION IF NOT EXISTS timescaledb');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && refusals.has(String(error.code))) return false;
    throw error;
  }
}

/** Not allowed, not in shared_preload_libraries (which is reported as FATAL or as a wrong state), or not all there. */
const refusals = new Set(['42501', '55000', '58P01', 'XX000', 'F0000', 'P0001']);

/**
 * How much event time a chunk holds. Compression begins when all of a chunk is 7 days old, so a chunk is not longer; as
 * long, so that five years are 260 of them and not 1,800.
 */
const chunkInterval = '7 days';

/** How a table's chunks are compressed: columns, separated by commas. */
export interface CompressionOrder {
  readonly segmentBy: string;
  readonly orderBy: string;
}

/** Cuts an empty table by its event time. Within the transaction that makes it. */
export async function makeHypertable(
  transaction: Queryable,
  table: string,
  timescale: Timescale,
  order: CompressionOrder = unsegmented,
): Promise<void> {
  await transaction.rows({
    name: 'make_hypertable',
    text: `SELECT create_hypertable($1::text::regclass, by_range('event_time', interval '${chunkInterval}'), create_default_indexes => false)::text`,
    values: [table],
  });
  if (timescale.community) await transaction.script(orderSql(table, order));
}

const unsegmented: CompressionOrder = { segmentBy: '', orderBy: 'entity_id, event_time, created_at' };
const segmentedByEntity: CompressionOrder = { segmentBy: 'entity_id', orderBy: 'event_time, created_at' };

/**
 * SQL of how chunks are compressed from now on: ordered by entity and time, which a descent to one entity can use.
 * Segmented by entity only where chunks hold over 100 rows of one: at 6 rows an entity 26 MB grew to 42 MB segmented and
 * shrank to 12 MB ordered, measured.
 */
export function compressionSql(table: string, { segmented }: { readonly segmented: boolean }): string {
  return orderSql(table, segmented ? segmentedByEntity : unsegmented);
}

function orderSql(table: string, { segmentBy, orderBy }: CompressionOrder): string {
  return `ALTER TABLE ${table} SET (timescaledb.compress,
    timescaledb.compress_segmentby = '${segmentBy}', timescaledb.compress_orderby = '${orderBy}')`;
}
