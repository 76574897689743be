import { normalizeEntityId } from '../contract/entity-id.ts';
import { FeatureStoreError } from '../contract/errors.ts';
import { timeRule } from '../contract/given-times.ts';
import { parseTime, toMicros } from '../contract/time.ts';
import type { BatchRequest } from '../contract/training.ts';
import type { ReadPlan } from '../registry/index.ts';

/** One row of a training set to be: who, when, and what the answer says of it beside the features. */
export interface SpineRow {
  /** One for each entity of the plan. */
  readonly entityIds: readonly string[];
  readonly asOfMicros: number;
  /** The row as it was given, with its entity ids as text. */
  readonly echo: Readonly<Record<string, unknown>>;
}

/** Throws entities_required, invalid_time and invalid_request, naming the row. */
export function parseSpine(plan: ReadPlan, request: BatchRequest): SpineRow[] {
  if (request.entity_ids !== undefined) {
    const asOfMicros = parseTimestamp(request.timestamp, 'timestamp');
    return request.entity_ids.map((entityId) => {
      const echo = { entity_id: entityId, timestamp: request.timestamp };
      return { entityIds: entitiesOf(plan, echo, 'entity_ids'), asOfMicros, echo };
    });
  }
  return (request.entity_rows ?? []).map((row, index) => parseRow(plan, row, `entity_rows.${index}`));
}

function parseRow(plan: ReadPlan, row: Readonly<Record<string, unknown>>, place: string): SpineRow {
  for (const name of ['features', 'statuses']) {
    if (Object.hasOwn(row, name))
      throw new FeatureStoreError('invalid_request', `${place}.${name}: the answer has a member of this name`);
  }
  const entityIds = entitiesOf(plan, row, place);
  const asOfMicros = parseTimestamp(row.timestamp, `${place}.timestamp`);
  const named =
    Object.hasOwn(row, 'entity_id') && plan.entities.length === 1
      ? { entity_id: entityIds[0] }
      : namedIds(plan, entityIds);
  return { entityIds, asOfMicros, echo: { ...row, ...named } };
}

/** By `entity_id` where the features are of one entity type, else and also by the types' names. */
function entitiesOf(plan: ReadPlan, row: Readonly<Record<string, unknown>>, place: string): string[] {
  return plan.entities.map(({ entityType }) => {
    const byType = Object.hasOwn(row, entityType);
    const byId = plan.entities.length === 1 && Object.hasOwn(row, 'entity_id');
    if (!byType && !byId) {
      const types = plan.entities.map((entity) => entity.entityType);
      throw new FeatureStoreError('entities_required', `${place}: name ${types.join(' and ')}`, {
        entity_types: types,
      });
    }
    const name = byId ? 'entity_id' : entityType;
    const entityId = normalizeEntityId(row[name]);
    if (entityId === undefined) {
      throw new FeatureStoreError(
        'invalid_request',
        `${place}.${name}: an entity id is 1 to 512 bytes of text, or a safe integer`,
      );
    }
    return entityId;
  });
}

function namedIds(plan: ReadPlan, entityIds: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(plan.entities.map(({ entityType }, index) => [entityType, entityIds[index]]));
}

function parseTimestamp(given: unknown, place: string): number {
  const time = parseTime(given);
  if (time === undefined) throw new FeatureStoreError('invalid_time', `${place}: ${timeRule}`);
  return toMicros(time);
}
