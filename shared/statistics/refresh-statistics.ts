import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import type { Timescale } from '../values/index.ts';
import { isContinuous } from './list-relations.ts';
import { markChangedHours } from './mark-changed-hours.ts';
import { recomputeHours } from './recompute-hours.ts';
import { refreshContinuous } from './refresh-continuous.ts';
import { statisticsGroups } from './statistics-groups.ts';

/**
 * Brings a view table's statistics to the rows that are there, and what is remembered of its newest event time. As the
 * owner; `features` are all of the table, whose relations are there (createStatistics). Any number may run at once, each
 * may end anywhere, and the next goes on where it was. Answers how many hours were made anew: none where TimescaleDB keeps
 * the statistics, which does not tell.
 */
export async function refreshStatistics(
  database: Database,
  ctx: TenantContext,
  table: string,
  features: readonly Feature[],
  timescale: Timescale,
): Promise<{ hours: number }> {
  const groups = statisticsGroups(table, features);
  if (await isContinuous(database, ctx, table, timescale)) {
    await refreshContinuous(database, ctx, table, groups);
    return { hours: 0 };
  }
  await markChangedHours(database, ctx, table);
  let hours = 0;
  for (;;) {
    const made = await recomputeHours(database, ctx, table, groups);
    if (made === 0) return { hours };
    hours += made;
  }
}
