import { FeatureStoreError } from '../contract/errors.ts';
import { type OnlineRequest, onlineLimits } from '../contract/online.ts';
import type { PlannedEntity, ReadPlan } from '../registry/index.ts';

/** An entity whose rows are read: once, however often the request names it. */
export interface BoundEntity {
  readonly planned: PlannedEntity;
  readonly entityId: string;
  /** Where the row of its first table is among all rows read; those of its other tables follow. */
  readonly firstPlace: number;
}

/** One input row: its entity for each entity of the plan, and how the answer names them. */
export interface BoundRow {
  readonly entities: readonly BoundEntity[];
  /** JSON members without braces, such as `"entity_id":"u1"`. */
  readonly echo: string;
}

export interface BoundRequest {
  readonly rows: readonly BoundRow[];
  /** Of all input rows, each once. */
  readonly entities: readonly BoundEntity[];
}

type Bind = (planned: PlannedEntity, entityId: string) => BoundEntity;

/** Says which entities each row of the request means. Throws entities_required, too_many_values, invalid_request. */
export function bindEntities(plan: ReadPlan, request: OnlineRequest): BoundRequest {
  const entities: BoundEntity[] = [];
  const bind = createBind(entities);
  if (request.entity_id !== undefined) return { entities, rows: [bindOne(plan, bind, request.entity_id)] };
  if (request.entities !== undefined) return { entities, rows: [bindTypes(plan, bind, request.entities, 'entities')] };
  const given = request.entity_ids ?? request.entity_rows ?? [];
  refuseTooManyValues(given.length * plan.features.length);
  const rows = given.map((row, index) => {
    if (typeof row === 'string') return bindOne(plan, bind, row);
    return row.entity_id !== undefined && Object.keys(row).length === 1
      ? bindOne(plan, bind, row.entity_id)
      : bindTypes(plan, bind, row, `entity_rows.${index}`);
  });
  return { entities, rows };
}

/** Fills `entities`. */
function createBind(entities: BoundEntity[]): Bind {
  const known = new Map<PlannedEntity, Map<string, BoundEntity>>();
  let places = 0;
  return (planned, entityId) => {
    let ofType = known.get(planned);
    if (ofType === undefined) {
      ofType = new Map();
      known.set(planned, ofType);
    }
    let entity = ofType.get(entityId);
    if (entity === undefined) {
      entity = { planned, entityId, firstPlace: places };
      places += planned.tables.length;
      ofType.set(entityId, entity);
      entities.push(entity);
    }
    return entity;
  };
}

function bindOne(plan: ReadPlan, bind: Bind, entityId: string): BoundRow {
  const [only, ...others] = plan.entities;
  if (only === undefined || others.length > 0) throw entitiesRequired(plan.entities);
  return { entities: [bind(only, entityId)], echo: `"entity_id":${JSON.stringify(entityId)}` };
}

function bindTypes(plan: ReadPlan, bind: Bind, given: Readonly<Record<string, string>>, place: string): BoundRow {
  const entities = plan.entities.map((planned) => {
    const { entityType } = planned;
    const entityId = Object.hasOwn(given, entityType) ? given[entityType] : undefined;
    if (entityId === undefined) throw entitiesRequired(plan.entities);
    return bind(planned, entityId);
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
  return { entities, echo: place === 'entities' ? `"entities":${members}` : members.slice(1, -1) };
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
