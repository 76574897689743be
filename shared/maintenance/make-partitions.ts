import type { Database } from '../platform/database.ts';
import { type CutTable, listPartitions } from '../values/index.ts';

/** Makes the partitions of this month and the next before a write has to. Answers how many were missing. */
export async function makePartitions(
  database: Database,
  cutTable: CutTable & { readonly isWritten?: boolean },
  nowMicros: number,
): Promise<number> {
  const { ctx, table, isWritten = true } = cutTable;
  if (!isWritten) return 0;
  const there = new Set((await listPartitions(database, cutTable)).map(({ fromMicros }) => fromMicros));
  const now = new Date(nowMicros / 1000);
  const months = [0, 1].map((ahead) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead)));
  const missing = months.filter((month) => !there.has(month.getTime() * 1000));
  if (missing.length === 0) return 0;
  await database.rows({
    name: 'ensure_partitions',
    text: 'SELECT feature_store.ensure_partitions($1, $2, $3::text[]::date[])::text',
    values: [ctx.tenantId, table, missing.map((month) => month.toISOString().slice(0, 10))],
  });
  return missing.length;
}
