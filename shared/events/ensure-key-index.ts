import type { TenantContext } from '../platform/context.ts';
import { type Database, quoteIdentifier } from '../platform/database.ts';
import { isHypertable, listPartitions, type Segment, viewTableName } from '../values/index.ts';
import { createKeyIndex, keyIndexName, keyIndexSql } from './create-key-index.ts';
import { rawTable } from './tables.ts';

/**
 * Makes the index by which a source's raw events are read for the entities of a stream view, while the source is written to: for each
 * native partition apart and CONCURRENTLY. Partitions made meanwhile get it as they are attached. May be ended anywhere and called
 * again. False while another run makes one of its parts. As the owner, without a time-out of statements.
 */
export async function ensureKeyIndex(
  database: Database,
  ctx: TenantContext,
  source: string,
  entityKey: string,
): Promise<boolean> {
  const of = { ctx, table: rawTable(source) };
  const name = keyIndexName(source, entityKey);
  const columns = keyIndexSql(entityKey);
  const whole = await readIndex(database, ctx, name);
  if (whole === 'valid') return true;
  const raw = viewTableName(ctx.tenantId, of.table);
  if (await isHypertable(database, of)) {
    // TimescaleDB has no CONCURRENTLY for all of a table, and its transaction for each chunk failed on 2.23: writers wait.
    await database.transaction(async (transaction) => {
      await transaction.rows({ name: 'limit_lock_wait', text: `SELECT set_config('lock_timeout', '2s', true)` });
      await createKeyIndex(transaction, ctx, source, entityKey);
    });
    return true;
  }
  if (whole === 'absent') {
    await database.transaction(async (transaction) => {
      await transaction.rows({ name: 'limit_lock_wait', text: `SELECT set_config('lock_timeout', '2s', true)` });
      await transaction.script(`CREATE INDEX IF NOT EXISTS ${quoteIdentifier(name)} ON ONLY ${raw} ${columns}`);
    });
  }
  for (const partition of await listPartitions(database, of)) {
    if (!(await ensureOnPartition(database, ctx, { partition, name, columns }))) return false;
  }
  return true;
}

async function ensureOnPartition(
  database: Database,
  ctx: TenantContext,
  { partition, name, columns }: { readonly partition: Segment; readonly name: string; readonly columns: string },
): Promise<boolean> {
  const [attached] = await database.rows({
    name: 'find_attached_index',
    text: `
      SELECT FROM pg_index JOIN pg_inherits ON pg_inherits.inhrelid = indexrelid
      WHERE indrelid = $1::text::regclass AND inhparent = $2::text::regclass AND indisvalid`,
    values: [partition.name, viewTableName(ctx.tenantId, name)],
  });
  if (attached !== undefined) return true;
  const part = `${name}_${partition.name.replaceAll('"', '').slice(-6)}`;
  const state = await readIndex(database, ctx, part);
  if (state === 'being made') return false;
  const quoted = viewTableName(ctx.tenantId, part);
  // What a run that was ended left is of no use.
  if (state === 'invalid') await database.script(`DROP INDEX CONCURRENTLY IF EXISTS ${quoted}`);
  if (state !== 'valid') {
    await database.script(`CREATE INDEX CONCURRENTLY ${quoteIdentifier(part)} ON ${partition.name} ${columns}`);
  }
  await database.script(`ALTER INDEX ${viewTableName(ctx.tenantId, name)} ATTACH PARTITION ${quoted}`);
  return true;
}

type IndexState = 'absent' | 'valid' | 'invalid' | 'being made';

async function readIndex(database: Database, { tenantId }: TenantContext, name: string): Promise<IndexState> {
  const [found] = await database.rows<{ state: IndexState }>({
    name: 'read_index_state',
    text: `
      SELECT CASE WHEN indisvalid THEN 'valid'
        WHEN EXISTS (SELECT FROM pg_stat_progress_create_index AS making WHERE making.index_relid = indexrelid) THEN 'being made'
        ELSE 'invalid' END AS state
      FROM pg_index WHERE indexrelid = to_regclass($1::text)`,
    values: [viewTableName(tenantId, name)],
  });
  return found?.state ?? 'absent';
}
