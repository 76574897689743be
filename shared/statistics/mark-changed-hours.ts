import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { maintenanceStep, viewTableName } from '../values/index.ts';
import { hourSql } from './hourly-select.ts';

/**
 * Remembers the hours of the rows that were recorded since the last time. A writer's transaction lasts 10 s at most, so
 * what was recorded a minute ago can be seen; the last minute is looked at again the next time, which changes nothing.
 */
export function markChangedHours(database: Database, ctx: TenantContext, table: string): Promise<void> {
  return maintenanceStep(database, ctx, table, async (transaction) => {
    const [row] = await transaction.rows<{ through: string }>({
      name: 'read_statistics_through',
      text: 'SELECT statistics_through::text AS through FROM feature_store.maintained WHERE tenant_id = $1 AND view_table = $2',
      values: [ctx.tenantId, table],
    });
    await transaction.rows({
      name: 'mark_changed_hours',
      // The moment is a parameter, that the index of ranges is taken where it is late and the whole table read where it is not.
      text: `
        WITH changed AS MATERIALIZED (
          SELECT ${hourSql} AS hour, max(event_time) AS newest
          FROM ${viewTableName(ctx.tenantId, table)} WHERE recorded_at > $3::timestamptz GROUP BY 1
        ), marked AS (
          INSERT INTO feature_store.changed_hours (tenant_id, view_table, hour)
          SELECT $1, $2, hour FROM changed ORDER BY hour ON CONFLICT DO NOTHING
        )
        UPDATE feature_store.maintained SET
          statistics_through = greatest(statistics_through, now() - interval '1 minute'),
          newest_event_time = greatest(newest_event_time, (SELECT max(newest) FROM changed))
        WHERE tenant_id = $1 AND view_table = $2`,
      values: [ctx.tenantId, table, row?.through ?? '-infinity'],
    });
  });
}
