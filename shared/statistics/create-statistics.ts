import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import type { Timescale } from '../values/index.ts';
import { dropStatistics } from './drop-statistics.ts';
import { hourlySelect } from './hourly-select.ts';
import { isContinuous, listRelations } from './list-relations.ts';
import { statisticsColumns } from './statistics-columns.ts';
import { relationName, type StatisticsGroup, statisticsGroups } from './statistics-groups.ts';

/**
 * Makes the relations of these features' statistics that are missing, empty; the next refresh fills them. `features` has
 * all that one registration added, or all of the table. Relations of another kind than the table's now go first.
 */
export async function createStatistics(
  transaction: Queryable,
  ctx: TenantContext,
  table: string,
  features: readonly Feature[],
  timescale: Timescale,
): Promise<void> {
  const wantsContinuous = await isContinuous(transaction, ctx, table, timescale);
  let relations = await listRelations(transaction, ctx, table);
  if (relations.some((relation) => relation.isContinuous !== wantsContinuous)) {
    await dropStatistics(transaction, ctx, table);
    relations = [];
  }
  const missing = statisticsGroups(table, features).filter(
    ({ name }) => !relations.some((known) => known.name === name),
  );
  for (const group of missing) {
    const relation = relationName(ctx.tenantId, group);
    await transaction.script(`
      ${wantsContinuous ? continuousAggregateSql(ctx, table, group) : plainTableSql(ctx, group)};
      GRANT SELECT ON ${relation} TO feature_store_reader;
    `);
  }
  if (!wantsContinuous) await lookAgain(transaction, ctx, table, missing);
}

/** Its rows are made by refreshing alone, and read without those that are newer: both kinds answer alike. */
function continuousAggregateSql({ tenantId }: TenantContext, table: string, group: StatisticsGroup): string {
  return `
    CREATE MATERIALIZED VIEW ${relationName(tenantId, group)}
    WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
    ${hourlySelect(tenantId, table, group, { hour: `time_bucket('1 hour', event_time)` })}
    WITH NO DATA`;
}

function plainTableSql({ tenantId }: TenantContext, group: StatisticsGroup): string {
  const columns = group.features.flatMap(statisticsColumns).map(({ name, type }) => `${name} ${type}`);
  return `
    CREATE TABLE ${relationName(tenantId, group)} (
      hour timestamptz PRIMARY KEY,
      newest_event_time timestamptz NOT NULL,
      ${columns.join(',\n      ')}
    )`;
}

/**
 * Rows that features of these groups may have, and that were looked at before there were the groups, are looked at
 * again. Not where a feature has just been added: its rows are all to come.
 */
async function lookAgain(
  transaction: Queryable,
  { tenantId }: TenantContext,
  table: string,
  groups: readonly StatisticsGroup[],
): Promise<void> {
  const [earliest] = groups.flatMap(({ features }) => features.map(({ createdAt }) => createdAt)).sort();
  if (earliest === undefined) return;
  await transaction.rows({
    name: 'look_at_rows_again',
    text: `UPDATE feature_store.maintained SET statistics_through = '-infinity'
           WHERE tenant_id = $1 AND view_table = $2 AND statistics_through > $3::timestamptz`,
    values: [tenantId, table, earliest],
  });
}
