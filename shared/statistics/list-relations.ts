import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { Timescale } from '../values/index.ts';
import { groupNamePattern } from './statistics-groups.ts';

export interface StatisticsRelation {
  readonly name: string;
  /** Kept by TimescaleDB; else a table that the maintenance job fills. */
  readonly isContinuous: boolean;
}

/** What there is of a view table's statistics, of either kind. */
export function listRelations(
  query: Queryable,
  { tenantId }: TenantContext,
  table: string,
): Promise<StatisticsRelation[]> {
  return query.rows({
    name: 'list_statistics',
    text: `SELECT relname::text AS name, relkind = 'v' AS "isContinuous" FROM pg_class
           WHERE relnamespace = to_regnamespace($1) AND relname ~ $2 AND relkind IN ('r', 'v') ORDER BY relname`,
    values: [tenantId, groupNamePattern(table)],
  });
}

/** Whether TimescaleDB keeps a view table's statistics: it must be cut into chunks, which one made before TimescaleDB came is not yet. */
export async function isContinuous(
  query: Queryable,
  { tenantId }: TenantContext,
  table: string,
  timescale: Timescale,
): Promise<boolean> {
  if (!timescale.community) return false;
  const [found] = await query.rows<{ isPartitioned: boolean }>({
    name: 'is_partitioned',
    text: `SELECT relkind = 'p' AS "isPartitioned" FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relname = $2`,
    values: [tenantId, table],
  });
  return found?.isPartitioned === false;
}
