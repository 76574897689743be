import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import { fromMicrosSql, type Timescale } from '../values/index.ts';
import { isContinuous } from './list-relations.ts';
import { relationName, statisticsGroups } from './statistics-groups.ts';

/**
 * Deletes the hours that ended by a moment (microseconds since the epoch), in the transaction that drops their rows. Where
 * TimescaleDB keeps the statistics the next refresh does it: hours of dropped chunks are changed ones.
 */
export async function forgetStatisticsBefore(
  transaction: Queryable,
  ctx: TenantContext,
  table: string,
  features: readonly Feature[],
  beforeMicros: number,
  timescale: Timescale,
): Promise<void> {
  if (await isContinuous(transaction, ctx, table, timescale)) return;
  const { tenantId } = ctx;
  const isOver = (parameter: string): string => `hour <= ${fromMicrosSql(`${parameter}::float8`)} - interval '1 hour'`;
  for (const group of statisticsGroups(table, features)) {
    await transaction.rows({
      name: 'forget_statistics',
      text: `DELETE FROM ${relationName(tenantId, group)} WHERE ${isOver('$1')}`,
      values: [beforeMicros],
    });
  }
  await transaction.rows({
    name: 'forget_changed_hours',
    text: `DELETE FROM feature_store.changed_hours WHERE tenant_id = $1 AND view_table = $2 AND ${isOver('$3')}`,
    values: [tenantId, table, beforeMicros],
  });
}
