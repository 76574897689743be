import type { Queryable } from '../platform/database.ts';
import { type CutTable, fromMicrosSql, type Segment, viewTableName } from '../values/index.ts';

/** A writer may still hold a row that was young enough when it came. Dropping a native partition locks the whole table. */
export async function stopWriters(transaction: Queryable, { ctx, table }: CutTable, isChunked: boolean): Promise<void> {
  const mode = isChunked ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
  await transaction.script(`LOCK TABLE ${viewTableName(ctx.tenantId, table)} IN ${mode} MODE`);
}

/** Drops a partition or a chunk, once writers are stopped. */
export async function dropSegment(
  transaction: Queryable,
  { ctx, table }: CutTable,
  { name, fromMicros, toMicros }: Segment,
  isChunked: boolean,
): Promise<void> {
  if (!isChunked) return transaction.script(`DROP TABLE ${name}`);
  await transaction.rows({
    name: 'drop_chunks',
    text: `SELECT drop_chunks($1::text::regclass, older_than => ${fromMicrosSql('$3::float8')}, newer_than => ${fromMicrosSql('$2::float8')})::text`,
    values: [viewTableName(ctx.tenantId, table), fromMicros, toMicros],
  });
}
