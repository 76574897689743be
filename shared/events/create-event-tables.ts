import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { SourceField, StreamSource } from '../registry/index.ts';
import { codecs, createTenantSchema, makeHypertable, type Timescale, viewTableName } from '../values/index.ts';
import { ownColumns, rawTable, seenTable } from './tables.ts';

/**
 * Makes a source's table of raw events, append-only and cut by event time as views' tables are, and that of the ids that
 * were seen. The ids are apart, because the same id with another event time is still the same event. Within the registering
 * transaction.
 */
export async function createEventTables(
  transaction: Queryable,
  ctx: TenantContext,
  source: StreamSource,
  timescale: Timescale,
): Promise<void> {
  await createTenantSchema(transaction, ctx);
  const raw = viewTableName(ctx.tenantId, rawTable(source.name));
  const seen = viewTableName(ctx.tenantId, seenTable(source.name));
  const columns = [
    'event_id text COLLATE "C" NOT NULL',
    'event_time timestamptz NOT NULL',
    'created_at timestamptz NOT NULL',
    'recorded_at timestamptz NOT NULL DEFAULT now()',
    // Of the registry that the writer held. No field is named so.
    '_epoch int NOT NULL DEFAULT 0',
    ...ownColumns(source.fields).map(columnDefinition),
  ];
  await transaction.script(`
    CREATE TABLE ${raw} (
      ${columns.join(',\n      ')}
    ) ${timescale.hypertables ? '' : 'PARTITION BY RANGE (event_time)'};
    GRANT SELECT, INSERT ON ${raw} TO feature_store_writer;
    GRANT SELECT ON ${raw} TO feature_store_reader;
    -- As that of views' tables (create-view-table.ts).
    CREATE INDEX ON ${raw} USING brin (recorded_at, event_time timestamptz_minmax_multi_ops) WITH (autosummarize = on);
    CREATE TABLE ${seen} (
      event_id text COLLATE "C" PRIMARY KEY,
      received_at timestamptz NOT NULL
    );
    GRANT SELECT, INSERT, DELETE ON ${seen} TO feature_store_writer;
    GRANT SELECT ON ${seen} TO feature_store_reader;
  `);
  await transaction.rows({
    name: 'make_event_source',
    text: 'INSERT INTO feature_store.event_sources (tenant_id, source) VALUES ($1, $2)',
    values: [ctx.tenantId, source.name],
  });
  if (!timescale.hypertables) return;
  await makeHypertable(transaction, raw, timescale, { segmentBy: '', orderBy: 'event_time, event_id' });
}

/** Adds columns for fields to a source's raw events: a change of the catalogue alone. */
export async function addEventColumns(
  transaction: Queryable,
  ctx: TenantContext,
  source: string,
  added: readonly SourceField[],
): Promise<void> {
  const columns = ownColumns(added).map((field) => `ADD COLUMN ${columnDefinition(field)}`);
  if (columns.length === 0) return;
  await transaction.script(`ALTER TABLE ${viewTableName(ctx.tenantId, rawTable(source))} ${columns.join(', ')}`);
}

function columnDefinition({ name, dtype }: SourceField): string {
  return `${quoteIdentifier(name)} ${codecs[dtype].columnType}`;
}
