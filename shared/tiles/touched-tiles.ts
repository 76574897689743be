import { type EntityEvent, tileStart } from '../aggregation/index.ts';
import { countEvent, type StreamEvent } from './count-event.ts';
import type { StreamPlan } from './stream-plan.ts';
import { lifetimeHour, type TileKey } from './tile-rows.ts';

/** A tile, and the events that count in it. */
export interface TouchedTile extends TileKey {
  readonly events: readonly EntityEvent[];
}

/**
 * The tiles that events of a view count in, sorted by entity, since every writer touches them in this order: of each the hours,
 * and after them its lifetime; of views without lifetime windows none.
 */
export async function tilesTouchedBy(plan: StreamPlan, events: Iterable<StreamEvent>): Promise<TouchedTile[]> {
  const filter = await plan.filter();
  const byEntity = new Map<string, EntityEvent[]>();
  for (const event of events) {
    const counted = countEvent(plan, filter, event);
    if (counted === undefined) continue;
    const ofEntity = byEntity.get(counted.entityId);
    if (ofEntity === undefined) byEntity.set(counted.entityId, [counted]);
    else ofEntity.push(counted);
  }
  const touched: TouchedTile[] = [];
  for (const [entityId, ofEntity] of [...byEntity].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [hourMicros, ofHour] of byHour(ofEntity)) touched.push({ entityId, hourMicros, events: ofHour });
    if (plan.lifetimes.count > 0) touched.push({ entityId, hourMicros: lifetimeHour, events: ofEntity });
  }
  return touched;
}

/** Most events of a batch are of one hour. */
function byHour(events: readonly EntityEvent[]): [hourMicros: number, events: readonly EntityEvent[]][] {
  const first = tileStart(events[0]?.eventMicros ?? 0);
  if (events.every(({ eventMicros }) => tileStart(eventMicros) === first)) return [[first, events]];
  return [...Map.groupBy(events, ({ eventMicros }) => tileStart(eventMicros))].sort(([a], [b]) => a - b);
}
