import type { EntityEvent, JsonValue } from '../aggregation/index.ts';
import { normalizeEntityId } from '../contract/entity-id.ts';
import type { Filter } from '../filters/index.ts';
import type { StreamPlan } from './stream-plan.ts';

/** An event with the values of its fields; those that are absent are null. */
export interface StreamEvent {
  readonly eventId: string;
  readonly eventMicros: number;
  readonly values: Readonly<Record<string, JsonValue>>;
}

/**
 * What an event counts as in a view, and for whom. Undefined where it does not count: its key is null or no entity id, so
 * that nobody could ask for it, or the plan's filter does not pass it.
 */
export function countEvent(
  plan: StreamPlan,
  filter: Filter | undefined,
  { eventId, eventMicros, values }: StreamEvent,
): EntityEvent | undefined {
  const entityId = normalizeEntityId(values[plan.entityKey]);
  if (entityId === undefined) return undefined;
  if (filter?.matches(values) === false) return undefined;
  return { entityId, eventId, eventMicros, values: plan.fold.fields.map((field) => values[field] ?? null) };
}
