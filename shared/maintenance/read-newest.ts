import type { Database } from '../platform/database.ts';
import type { ViewTable } from './view-tables.ts';

/**
 * The newest event time that the statistics found in a table, in microseconds, and null where it never had a row.
 */
export async function readNewest(database: Database, { ctx, table }: ViewTable): Promise<number | null> {
  const [found] = await database.rows<{ micros: number | null }>({
    name: 'read_newest_event_time',
    text: `
      SELECT (extract(epoch FROM newest_event_time) * 1000000)::float8 AS micros
      FROM feature_store.maintained WHERE tenant_id = $1 AND view_table = $2`,
    values: [ctx.tenantId, table],
  });
  return found?.micros ?? null;
}
