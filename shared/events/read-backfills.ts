import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';

/** How far a stream view's table is with what its source had before it. */
export interface Backfill {
  readonly table: string;
  /** waiting: for writers that have not heard of the view. */
  readonly status: 'waiting' | 'running' | 'done';
  readonly eventsDone: number;
  /** Null until they are counted. */
  readonly eventsTotal: number | null;
}

/** Of those of the tables that have one: tables of before there were backfills have none. */
export function readBackfills(
  query: Queryable,
  { tenantId }: TenantContext,
  tables: readonly string[],
): Promise<Backfill[]> {
  return query.rows({
    name: 'read_backfills',
    text: `
      SELECT view_table AS "table", status, events_done::float8 AS "eventsDone", events_total::float8 AS "eventsTotal"
      FROM feature_store.backfills WHERE tenant_id = $1 AND view_table = ANY ($2::text[])`,
    values: [tenantId, tables],
  });
}
