import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { relationName, type StatisticsGroup } from './statistics-groups.ts';

/**
 * Has TimescaleDB make its changed hours anew, of all times: it knows which they are, those of dropped chunks among them.
 * The calls commit by themselves, so they cannot be in a transaction and have the connection's own time-out.
 */
export async function refreshContinuous(
  database: Database,
  { tenantId }: TenantContext,
  table: string,
  groups: readonly StatisticsGroup[],
): Promise<void> {
  for (const group of groups) {
    await database.script(`CALL refresh_continuous_aggregate('${relationName(tenantId, group)}', NULL, NULL)`);
  }
  const newest = groups.map(
    (group) => `(SELECT newest_event_time FROM ${relationName(tenantId, group)} ORDER BY hour DESC LIMIT 1)`,
  );
  await database.rows({
    name: 'keep_newest_event_time',
    text: `
      INSERT INTO feature_store.maintained AS kept (tenant_id, view_table, newest_event_time)
      VALUES ($1, $2, greatest(${newest.join(', ')}))
      ON CONFLICT (tenant_id, view_table)
      DO UPDATE SET newest_event_time = greatest(kept.newest_event_time, excluded.newest_event_time)`,
    values: [tenantId, table],
  });
}
