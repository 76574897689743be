import { FeatureStoreError } from '../contract/errors.ts';
import type { BatchViewRequest, FeatureDefinition } from '../contract/feature-views.ts';
import type { RegisterFeatureRequest } from '../contract/features.ts';
import { registryLimits } from '../contract/limits.ts';
import type { TenantContext } from '../platform/context.ts';
import { changeRegistry } from './change-registry.ts';
import { type FeatureView, newestOf, type RegistrySnapshot, type ViewVersion } from './model.ts';
import { decideRegistration, findView, type RegisterDependencies, type Registered } from './register-view.ts';
import type { ResolvedFeature } from './resolve.ts';

/**
 * Registers one feature: in the view it names; without one, in the only view of its entity type that has it, else in a
 * view of that one feature and the same name. Throws ambiguous_feature, version_conflict, too_many_features.
 */
export function registerFeature(
  dependencies: RegisterDependencies,
  ctx: TenantContext,
  request: RegisterFeatureRequest,
): Promise<Registered<ResolvedFeature>> {
  return changeRegistry(dependencies, ctx, (current) => {
    const definition = definitionWith(current, request);
    refuseTooMany(definition);
    const { result, apply } = decideRegistration(dependencies, ctx, current, definition);
    const feature = result.version.features.find(({ name }) => name === request.name);
    if (feature === undefined) throw new Error(`the registered version lacks ${request.name}`);
    const resolved = { version: { version: result.version, feature }, isCreated: result.isCreated };
    return apply === undefined ? { result: resolved } : { result: resolved, apply };
  });
}

/** The whole view as it would be with the feature in it. */
function definitionWith(current: RegistrySnapshot, request: RegisterFeatureRequest): BatchViewRequest {
  const view = findMeantView(current, request);
  const feature: FeatureDefinition = {
    name: request.name,
    dtype: request.dtype,
    ttl_hours: request.ttl_hours,
    description: request.description,
    tags: request.tags,
  };
  if (view === undefined) {
    return {
      name: request.view ?? request.name,
      version: request.version,
      entity_type: request.entity_type,
      features: [feature],
      ttl_hours: null,
      description: '',
      tags: [],
      owner: request.owner,
      max_staleness_seconds: null,
    };
  }
  const base = view.versions[(request.version ?? 0) - 1] ?? newestOf(view);
  refuseStreamView(base);
  refuseOtherEntityType(base, request);
  return {
    ...definitionOf(base, feature),
    version: request.version,
    entity_type: request.entity_type,
    owner: hasOthers(base, request) ? (request.owner ?? base.owner) : request.owner,
  };
}

function findMeantView(current: RegistrySnapshot, request: RegisterFeatureRequest): FeatureView | undefined {
  if (request.view !== undefined) return findView(current, request.view);
  const having = current.views.filter((view) => {
    const newest = newestOf(view);
    return newest.entityType === request.entity_type && newest.features.some(({ name }) => name === request.name);
  });
  if (having.length > 1) {
    const candidates = having.map(({ name }) => name);
    throw new FeatureStoreError(
      'ambiguous_feature',
      `several views of ${request.entity_type} have ${request.name}: say which view`,
      {
        candidates,
      },
    );
  }
  return having[0] ?? findView(current, request.name);
}

/** Its features are aggregations: one by itself would make a batch view of it. */
function refuseStreamView({ view, stream }: ViewVersion): void {
  if (stream === null) return;
  throw new FeatureStoreError('version_conflict', `${view} is a stream view: name another view, or register it whole`, {
    differences: [`${view} is a stream view`],
  });
}

/** Changing a view's entity type by way of one feature is a mistake unless the view is named and has no other feature. */
function refuseOtherEntityType(base: ViewVersion, request: RegisterFeatureRequest): void {
  if (base.entityType === request.entity_type) return;
  if (request.view !== undefined && !hasOthers(base, request)) return;
  throw new FeatureStoreError(
    'version_conflict',
    `feature view ${base.view} is of entity type ${base.entityType}: name another view`,
    {
      differences: [`entity_type is ${base.entityType}, not ${request.entity_type}`],
    },
  );
}

/** One at a time a view could otherwise grow to Postgres's 1,600 columns, where registering would be a fault. */
function refuseTooMany({ name, features }: BatchViewRequest): void {
  const { featuresOfView } = registryLimits;
  if (features.length <= featuresOfView) return;
  throw new FeatureStoreError(
    'too_many_features',
    `feature view ${name} has ${featuresOfView} features, which is the most`,
  );
}

function hasOthers(version: ViewVersion, { name }: RegisterFeatureRequest): boolean {
  return version.features.some((feature) => feature.name !== name);
}

function definitionOf(version: ViewVersion, changed: FeatureDefinition): BatchViewRequest {
  const others = version.features
    .filter(({ name }) => name !== changed.name)
    .map(({ name, dtype, ttlHours, description, tags }) => ({
      name,
      dtype,
      ttl_hours: ttlHours,
      description,
      tags: [...tags],
    }));
  return {
    name: version.view,
    entity_type: version.entityType,
    features: [...others, changed],
    ttl_hours: version.ttlHours,
    description: version.description,
    tags: [...version.tags],
    owner: version.owner,
    retention_days: version.retentionDays,
    max_staleness_seconds: version.maxStalenessSeconds,
  };
}
