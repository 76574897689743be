import { type EntityEvent, tileStart } from '../aggregation/index.ts';
import { countEvent, type StreamEvent } from './count-event.ts';
import type { StreamPlan } from './stream-plan.ts';

/** An entity's events by the hours of their tiles. */
export interface TouchedEntity {
  readonly entityId: string;
  readonly events: readonly EntityEvent[];
  /** In the order of time. */
  readonly hours: ReadonlyMap<number, readonly EntityEvent[]>;
}

/** The entities of events that count in a view, sorted: every writer touches them in this order. */
export function tilesTouchedBy(plan: StreamPlan, events: Iterable<StreamEvent>): TouchedEntity[] {
  const byEntity = new Map<string, EntityEvent[]>();
  for (const event of events) {
    const counted = countEvent(plan, event);
    if (counted === undefined) continue;
    const ofEntity = byEntity.get(counted.entityId);
    if (ofEntity === undefined) byEntity.set(counted.entityId, [counted]);
    else ofEntity.push(counted);
  }
  return [...byEntity]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([entityId, ofEntity]) => ({ entityId, events: ofEntity, hours: byHour(ofEntity) }));
}

/** Most events of a batch are of one hour. */
function byHour(events: readonly EntityEvent[]): Map<number, readonly EntityEvent[]> {
  const first = tileStart(events[0]?.eventMicros ?? 0);
  if (events.every(({ eventMicros }) => tileStart(eventMicros) === first)) return new Map([[first, events]]);
  return new Map([...Map.groupBy(events, ({ eventMicros }) => tileStart(eventMicros))].sort(([a], [b]) => a - b));
}
