import type { Database, Queryable } from '../platform/database.ts';
import {
  type Chunk,
  compressionSql,
  fromMicrosSql,
  listChunks,
  maintenanceStep,
  viewTableName,
} from '../values/index.ts';
import { limitLockWait } from './limit-lock-wait.ts';
import type { ViewTable } from './view-tables.ts';

/** A chunk is compressed once all of it is older: late rows are rare by then, though they are taken. */
const compressAfterMicros = 7 * 86_400_000_000;
/** Rows of an entity in a chunk beyond which its rows are compressed apart from others' (see compressionSql). */
const segmentBeyondRows = 100;

/** Compresses the chunks that are old enough, and again those that rows came into since. Answers how many. */
export async function compressChunks(database: Database, viewTable: ViewTable, nowMicros: number): Promise<number> {
  const isDue = ({ isCompressible, toMicros }: Chunk): boolean =>
    isCompressible && toMicros <= nowMicros - compressAfterMicros;
  const due = (await listChunks(database, viewTable)).filter(isDue);
  let compressed = 0;
  for (const { name } of due) {
    const isDone = await maintenanceStep(database, viewTable.ctx, viewTable.table, async (transaction) => {
      const chunk = (await listChunks(transaction, viewTable)).find((listed) => listed.name === name);
      if (chunk === undefined || !isDue(chunk)) return false;
      await limitLockWait(transaction);
      // All of it anew. Compressing later rows to the others, TimescaleDB 2.23 makes batches that overlap and scans them as if
      // they did not: rows then come in another order than was asked for, and DISTINCT ON takes the wrong one.
      if (chunk.isCompressed) await call(transaction, 'decompress_chunk', name);
      await chooseSegmenting(transaction, viewTable, chunk);
      await call(transaction, 'compress_chunk', name);
      return true;
    });
    if (isDone) compressed++;
  }
  return compressed;
}

async function call(
  transaction: Queryable,
  procedure: 'compress_chunk' | 'decompress_chunk',
  chunk: string,
): Promise<void> {
  await transaction.rows({ name: procedure, text: `SELECT ${procedure}($1::text::regclass)::text`, values: [chunk] });
}

/** The setting is the table's and counts for chunks compressed from then on; it is changed only where it must be. */
async function chooseSegmenting(transaction: Queryable, { ctx, table }: ViewTable, chunk: Chunk): Promise<void> {
  const name = viewTableName(ctx.tenantId, table);
  const [found] = await transaction.rows<{ density: number; segmented: boolean }>({
    name: 'measure_density',
    text: `
      SELECT (count(*) / greatest(count(DISTINCT entity_id), 1))::float8 AS density,
        (SELECT coalesce(cardinality(segmentby), 0) > 0 FROM _timescaledb_catalog.compression_settings
         WHERE relid = $1::text::regclass) AS segmented
      FROM ${name} WHERE event_time >= ${fromMicrosSql('$2::float8')} AND event_time < ${fromMicrosSql('$3::float8')}`,
    values: [name, chunk.fromMicros, chunk.toMicros],
  });
  if (found === undefined) return;
  const segmented = found.density > segmentBeyondRows;
  if (segmented !== found.segmented) await transaction.script(compressionSql(name, { segmented }));
}
