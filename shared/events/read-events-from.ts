import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import { toMicrosSql } from '../values/index.ts';

/**
 * From when on a source's raw events are there, by their event time, in microseconds: at the start of an hour, and -Infinity
 * where none were dropped. Of times before it there may be some that came late; the tiles have those too.
 */
export async function readEventsFrom(query: Queryable, { tenantId }: TenantContext, source: string): Promise<number> {
  const [found] = await query.rows<{ micros: number }>({
    name: 'read_events_from',
    text: `
      SELECT ${toMicrosSql('events_from')} AS micros FROM feature_store.event_sources
      WHERE tenant_id = $1 AND source = $2`,
    values: [tenantId, source],
  });
  return found?.micros ?? Number.NEGATIVE_INFINITY;
}
