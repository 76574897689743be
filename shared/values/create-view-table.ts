import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { Feature, ViewVersion } from '../registry/index.ts';
import { codecs } from './codecs.ts';
import { carriedTableName, latestTableName, viewTableName } from './tables.ts';
import { makeHypertable, type Timescale } from './timescale.ts';

/**
 * Makes the table of a view version, and the tenant's schema where this is its first, within the registering transaction.
 * Append-only: the writer may insert and no more. Cut by event time: into chunks where there is TimescaleDB, else into a
 * partition a month, made on demand (ensure-partitions.ts).
 */
export async function createViewTable(
  transaction: Queryable,
  ctx: TenantContext,
  version: ViewVersion,
  timescale: Timescale,
): Promise<void> {
  await createTenantSchema(transaction, ctx);
  const table = viewTableName(ctx.tenantId, version.table);
  await transaction.script(`
    CREATE TABLE ${table} (
      entity_id text COLLATE "C" NOT NULL,
      event_time timestamptz NOT NULL,
      created_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now(),
      revision smallint NOT NULL,
      ${version.features.map(columnDefinition).join(',\n      ')},
      PRIMARY KEY (entity_id, event_time, created_at)
    ) ${timescale.hypertables ? '' : 'PARTITION BY RANGE (event_time)'};
    GRANT SELECT, INSERT ON ${table} TO feature_store_writer;
    GRANT SELECT ON ${table} TO feature_store_reader;
    -- What came since the last maintenance, and the rows of an hour; both lie together, and an index of ranges is tiny.
    -- Ranges not summarized are always read: after 180,000 rows on a million 1,925 pages, with autosummarize 5.
    CREATE INDEX ON ${table} USING brin (recorded_at, event_time timestamptz_minmax_multi_ops) WITH (autosummarize = on);
  `);
  if (timescale.hypertables) await makeHypertable(transaction, table, timescale);
}

/** Adds the columns of features to a table that exists: a change of the catalogue alone, whatever the table holds. */
export async function addFeatureColumns(
  transaction: Queryable,
  ctx: TenantContext,
  table: string,
  added: readonly Feature[],
): Promise<void> {
  const columns = added.map((feature) => `ADD COLUMN ${columnDefinition(feature)}`).join(', ');
  await transaction.script(`ALTER TABLE ${viewTableName(ctx.tenantId, table)} ${columns}`);
}

/** Makes a tenant's schema and its own tables where they are missing. */
export async function createTenantSchema(transaction: Queryable, { tenantId }: TenantContext): Promise<void> {
  const schema = quoteIdentifier(tenantId);
  const latest = latestTableName(tenantId);
  const carried = carriedTableName(tenantId);
  // Most updates of latest change no indexed column: room in the page keeps them there (HOT).
  await transaction.script(`
    CREATE SCHEMA IF NOT EXISTS ${schema};
    GRANT USAGE ON SCHEMA ${schema} TO feature_store_writer, feature_store_reader;
    CREATE TABLE IF NOT EXISTS ${latest} (
      view_table text COLLATE "C" NOT NULL,
      entity_id text COLLATE "C" NOT NULL,
      event_time timestamptz NOT NULL,
      created_at timestamptz NOT NULL,
      payload text NOT NULL,
      PRIMARY KEY (view_table, entity_id)
    ) WITH (fillfactor = 80);
    GRANT SELECT, INSERT, UPDATE ON ${latest} TO feature_store_writer;
    GRANT SELECT ON ${latest} TO feature_store_reader;
    CREATE TABLE IF NOT EXISTS ${carried} (
      view_table text COLLATE "C" NOT NULL,
      entity_id text COLLATE "C" NOT NULL,
      event_time timestamptz NOT NULL,
      created_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL,
      stored jsonb NOT NULL,
      PRIMARY KEY (view_table, entity_id)
    );
    GRANT SELECT ON ${carried} TO feature_store_reader;
  `);
}

function columnDefinition({ name, dtype }: Feature): string {
  return `${quoteIdentifier(name)} ${codecs[dtype].columnType}`;
}
