import { FeatureStoreError } from '../contract/errors.ts';
import { type OnlineRequest, onlineLimits } from '../contract/online.ts';
import type { PlannedEntity, ReadPlan } from '../registry/index.ts';

/** One input row: the entity id for each entity of the plan, and how the answer names the row's entities. */
export interface BoundRow {
  readonly entityIds: readonly string[];
  /** JSON members without braces, such as `"entity_id":"u1"`. */
  readonly echo: string;
}

/** Says which entities each row of the request means. Throws entities_required, too_many_values, invalid_request. */
export function bindEntities(plan: ReadPlan, request: OnlineRequest): BoundRow[] {
  if (request.entity_id !== undefined) return [bindOne(plan, request.entity_id)];
  if (request.entities !== undefined) return [bindTypes(plan, request.entities, 'entities')];
  const rows = request.entity_ids ?? request.entity_rows ?? [];
  refuseTooManyValues(rows.length * plan.features.length);
  return rows.map((row, index) => {
    if (typeof row === 'string') return bindOne(plan, row);
    return row.entity_id !== undefined && Object.keys(row).length === 1
      ? bindOne(plan, row.entity_id)
      : bindTypes(plan, row, `entity_rows.${index}`);
  });
}

function bindOne(plan: ReadPlan, entityId: string): BoundRow {
  const [only, ...others] = plan.entities;
  if (only === undefined || others.length > 0) throw entitiesRequired(plan.entities);
  return { entityIds: [entityId], echo: `"entity_id":${JSON.stringify(entityId)}` };
}

function bindTypes(plan: ReadPlan, given: Readonly<Record<string, string>>, place: string): BoundRow {
  const entityIds = plan.entities.map(({ entityType }) => {
    const entityId = Object.hasOwn(given, entityType) ? given[entityType] : undefined;
    if (entityId === undefined) throw entitiesRequired(plan.entities);
    return entityId;
  });
  for (const name of Object.keys(given)) {
    if (!plan.entities.some(({ entityType }) => entityType === name)) {
      throw new FeatureStoreError(
        'invalid_request',
        `${place}: ${JSON.stringify(name.slice(0, 64).toWellFormed())} is no entity type of the features asked`,
      );
    }
  }
  const members = JSON.stringify(given);
  return { entityIds, echo: place === 'entities' ? `"entities":${members}` : members.slice(1, -1) };
}

function refuseTooManyValues(values: number): void {
  if (values <= onlineLimits.values) return;
  throw new FeatureStoreError('too_many_values', `at most ${onlineLimits.values} values in one request, not ${values}`);
}

function entitiesRequired(entities: readonly PlannedEntity[]): FeatureStoreError {
  const types = entities.map(({ entityType }) => entityType);
  const detail =
    types.length === 1
      ? `name the ${types[0]}, as entity_id or under its type`
      : `name an entity of each type: ${types.join(', ')}`;
  return new FeatureStoreError('entities_required', detail, { entity_types: types });
}
