import type { TenantContext } from '../platform/context.ts';
import { type Database, quoteIdentifier } from '../platform/database.ts';
import { isHypertable, listPartitions, type Segment, viewTableName } from '../values/index.ts';
import { createKeyIndex, keyIndexName, keyIndexSql } from './create-key-index.ts';
import { rawTable } from './tables.ts';

/**
 * Makes the index by which a source's raw events are read for the entities of a stream view, while the source is written to: for each
 * native partition apart and CONCURRENTLY. Partitions made meanwhile get it as they are attached. May be ended anywhere and called
 * again. False while another run makes an index of the source. Throws where a lock is not had within 2 s (isLockTimeout). As the
 * owner, without a time-out of statements.
 */
export async function ensureKeyIndex(
  database: Database,
  ctx: TenantContext,
  source: string,
  entityKey: string,
): Promise<boolean> {
  const index = await readIndex(database, ctx, keyIndexName(source, entityKey));
  if (index === 'valid') return true;
  const claimant = crypto.randomUUID();
  if (!(await claim(database, ctx, { source, claimant }))) return false;
  try {
    return await ensure(database, ctx, { source, entityKey, claimant });
  } finally {
    await release(database, ctx, { source, claimant });
  }
}

async function ensure(
  database: Database,
  ctx: TenantContext,
  { source, entityKey, claimant }: { readonly source: string; readonly entityKey: string; readonly claimant: string },
): Promise<boolean> {
  const of = { ctx, table: rawTable(source) };
  if (await isHypertable(database, of)) {
    // TimescaleDB has no CONCURRENTLY for all of a table, and its transaction for each chunk failed on 2.23: writers wait.
    await withoutWaiting(database, (transaction) => createKeyIndex(transaction, ctx, source, entityKey));
    return true;
  }
  const name = keyIndexName(source, entityKey);
  const columns = keyIndexSql(entityKey);
  await withoutWaiting(database, (transaction) =>
    transaction.script(
      `CREATE INDEX IF NOT EXISTS ${quoteIdentifier(name)} ON ONLY ${viewTableName(ctx.tenantId, of.table)} ${columns}`,
    ),
  );
  for (const partition of await listPartitions(database, of)) {
    if (!(await claim(database, ctx, { source, claimant }))) return false;
    if (!(await ensureOnPartition(database, ctx, { partition, name, columns }))) return false;
  }
  return true;
}

async function ensureOnPartition(
  database: Database,
  ctx: TenantContext,
  { partition, name, columns }: { readonly partition: Segment; readonly name: string; readonly columns: string },
): Promise<boolean> {
  const whole = viewTableName(ctx.tenantId, name);
  const [found] = await database.rows<{ attached: boolean; busy: boolean }>({
    name: 'read_index_of_partition',
    text: `
      SELECT EXISTS (
          SELECT FROM pg_index JOIN pg_inherits ON pg_inherits.inhrelid = indexrelid
          WHERE indrelid = $1::text::regclass AND inhparent = $2::text::regclass AND indisvalid
        ) AS attached,
        EXISTS (SELECT FROM pg_stat_progress_create_index WHERE relid = $1::text::regclass) AS busy`,
    values: [partition.name, whole],
  });
  if (found?.attached) return true;
  if (found?.busy) return false;
  const part = `${name}_${partition.name.replaceAll('"', '').slice(-6)}`;
  const quoted = viewTableName(ctx.tenantId, part);
  const state = await readIndex(database, ctx, part);
  // What a run that was ended left is of no use.
  if (state === 'invalid') await database.script(`DROP INDEX CONCURRENTLY IF EXISTS ${quoted}`);
  if (state !== 'valid') {
    await database.script(`CREATE INDEX CONCURRENTLY ${quoteIdentifier(part)} ON ${partition.name} ${columns}`);
  }
  await withoutWaiting(database, (transaction) =>
    transaction.script(`ALTER INDEX ${whole} ATTACH PARTITION ${quoted}`),
  );
  return true;
}

/**
 * Two indexes that are made CONCURRENTLY of one table at once wait for each other for ever. One that is being made can be seen, so a
 * claim need not last longer than beginning takes, and that of a job that was ended does not stand in the way for long.
 */
async function claim(
  database: Database,
  { tenantId }: TenantContext,
  { source, claimant }: { readonly source: string; readonly claimant: string },
): Promise<boolean> {
  const claimed = await database.rows({
    name: 'claim_indexing',
    text: `
      UPDATE feature_store.event_sources SET indexing_until = now() + interval '1 minute', indexing_by = $3
      WHERE tenant_id = $1 AND source = $2 AND (indexing_until < now() OR indexing_by = $3) RETURNING 1`,
    values: [tenantId, source, claimant],
  });
  return claimed.length > 0;
}

async function release(
  database: Database,
  { tenantId }: TenantContext,
  { source, claimant }: { readonly source: string; readonly claimant: string },
): Promise<void> {
  await database.rows({
    name: 'release_indexing',
    text: `
      UPDATE feature_store.event_sources SET indexing_until = '-infinity'
      WHERE tenant_id = $1 AND source = $2 AND indexing_by = $3`,
    values: [tenantId, source, claimant],
  });
}

function withoutWaiting(
  database: Database,
  work: Parameters<Database['transaction']>[0],
): ReturnType<Database['transaction']> {
  return database.transaction(async (transaction) => {
    await transaction.rows({ name: 'limit_lock_wait', text: `SELECT set_config('lock_timeout', '2s', true)` });
    await work(transaction);
  });
}

async function readIndex(
  database: Database,
  { tenantId }: TenantContext,
  name: string,
): Promise<'absent' | 'valid' | 'invalid'> {
  const [found] = await database.rows<{ valid: boolean }>({
    name: 'read_index_state',
    text: 'SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1::text)',
    values: [viewTableName(tenantId, name)],
  });
  if (found === undefined) return 'absent';
  return found.valid ? 'valid' : 'invalid';
}
