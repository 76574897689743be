import type { Queryable } from '../platform/database.ts';
import { carriedTableName, fromMicrosSql, type Segment, viewTableName } from '../values/index.ts';
import type { ViewTable } from './view-tables.ts';

export interface Carried {
  readonly entities: number;
  /** Rows recorded later than this (microseconds) may not have been looked at; it leaves a minute to transactions under way, which last 10 s at most. */
  readonly recordedBefore: number;
}

/**
 * Brings each entity's newest row of a segment into `carried`, where it is newer than what is there. With
 * `recordedSince` only of the rows recorded from then on.
 */
export async function carryRows(
  transaction: Queryable,
  { ctx, table }: ViewTable,
  { fromMicros, toMicros }: Segment,
  recordedSince?: number,
): Promise<Carried> {
  const carried = carriedTableName(ctx.tenantId);
  const [done] = await transaction.rows<Carried>({
    name: 'carry_rows',
    // All descending: the primary key read backwards.
    text: `
      WITH kept AS (
        INSERT INTO ${carried} AS carried (view_table, entity_id, event_time, created_at, recorded_at, stored)
        SELECT DISTINCT ON (entity_id) $1, entity_id, event_time, created_at, recorded_at, to_jsonb(stored)
        FROM ${viewTableName(ctx.tenantId, table)} AS stored
        WHERE event_time >= ${fromMicrosSql('$2::float8')} AND event_time < ${fromMicrosSql('$3::float8')}
          ${recordedSince === undefined ? '' : `AND recorded_at >= ${fromMicrosSql('$4::float8')}`}
        ORDER BY entity_id DESC, event_time DESC, created_at DESC
        ON CONFLICT (view_table, entity_id) DO UPDATE
          SET event_time = excluded.event_time, created_at = excluded.created_at, recorded_at = excluded.recorded_at,
            stored = excluded.stored
          WHERE (excluded.event_time, excluded.created_at) > (carried.event_time, carried.created_at)
        RETURNING 1
      )
      SELECT count(*)::int4 AS entities,
        (extract(epoch FROM now() - interval '1 minute') * 1000000)::float8 AS "recordedBefore"
      FROM kept`,
    values: [table, fromMicros, toMicros, ...(recordedSince === undefined ? [] : [recordedSince])],
  });
  return done ?? { entities: 0, recordedBefore: 0 };
}
