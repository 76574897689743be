import type { TenantContext } from '../platform/context.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { maintenanceStep } from '../values/index.ts';
import { hourlySelect, hourSql } from './hourly-select.ts';
import { listRelations } from './list-relations.ts';
import { statisticsColumns } from './statistics-columns.ts';
import { relationName, type StatisticsGroup } from './statistics-groups.ts';

/**
 * Makes the statistics of changed hours anew: those of the oldest month that has any, which are of one partition. Answers
 * how many; 0 where none is left, and where features were added since the caller read the registry, whose hours the next
 * run makes.
 */
export function recomputeHours(
  database: Database,
  ctx: TenantContext,
  table: string,
  groups: readonly StatisticsGroup[],
): Promise<number> {
  return maintenanceStep(database, ctx, table, async (transaction) => {
    // After the hours were marked: a row that was seen then has no feature whose relation is not seen now.
    const relations = await listRelations(transaction, ctx, table);
    if (relations.some(({ name }) => !groups.some((group) => group.name === name))) return 0;
    const taken = await takeHours(transaction, ctx, table);
    if (taken === undefined) return 0;
    for (const group of groups) await upsertHours(transaction, ctx, table, group, taken);
    return taken.count;
  });
}

interface TakenHours {
  readonly count: number;
  /** As Postgres writes them. */
  readonly hours: string;
  readonly from: string;
  readonly to: string;
}

async function takeHours(
  transaction: Queryable,
  { tenantId }: TenantContext,
  table: string,
): Promise<TakenHours | undefined> {
  const [taken] = await transaction.rows<TakenHours>({
    name: 'take_changed_hours',
    text: `
      WITH taken AS (
        DELETE FROM feature_store.changed_hours
        WHERE tenant_id = $1 AND view_table = $2 AND date_trunc('month', hour, 'UTC') = (
          SELECT date_trunc('month', min(hour), 'UTC') FROM feature_store.changed_hours
          WHERE tenant_id = $1 AND view_table = $2
        )
        RETURNING hour
      )
      SELECT count(*)::int4 AS count, array_agg(hour)::text AS hours, min(hour)::text AS "from",
        (max(hour) + interval '1 hour')::text AS "to"
      FROM taken HAVING count(*) > 0`,
    values: [tenantId, table],
  });
  return taken;
}

async function upsertHours(
  transaction: Queryable,
  { tenantId }: TenantContext,
  table: string,
  group: StatisticsGroup,
  { hours, from, to }: TakenHours,
): Promise<void> {
  const columns = ['newest_event_time', ...group.features.flatMap(statisticsColumns).map(({ name }) => name)];
  // The bounds choose the partition and the ranges of its index; the list is hashed, as it is known when planning.
  const where = `event_time >= $1::timestamptz AND event_time < $2::timestamptz AND ${hourSql} = ANY($3::timestamptz[])`;
  await transaction.rows({
    name: 'recompute_hours',
    text: `
      INSERT INTO ${relationName(tenantId, group)} (hour, ${columns.join(', ')})
      ${hourlySelect(tenantId, table, group, { hour: hourSql, where })}
      ORDER BY 1
      ON CONFLICT (hour) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    values: [from, to, hours],
  });
}
