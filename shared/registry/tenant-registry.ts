import { compilePlan, type PlannedName, type ReadPlan } from './compile-plan.ts';
import {
  type FeatureService,
  type FeatureView,
  newestOf,
  type RegistrySnapshot,
  type ServiceVersion,
  type StreamSource,
  type ViewVersion,
} from './model.ts';
import { resolveFeature, resolveService, resolveSource, resolveView, viewsByFeature } from './resolve.ts';

/** Plans a tenant may keep compiled, and features of them all: 2,000 plans of 500 were 285 MB. Beyond that the oldest is compiled again when asked. */
const mostPlans = 2000;
const mostPlannedFeatures = 100_000;

/**
 * One snapshot made ready for reading: names looked up in maps, read plans compiled once and kept. Immutable but for the
 * kept plans; a change of the registry makes a new one.
 */
export interface TenantRegistry {
  readonly snapshot: RegistrySnapshot;
  readonly views: ReadonlyMap<string, FeatureView>;
  readonly services: ReadonlyMap<string, FeatureService>;
  readonly sources: ReadonlyMap<string, StreamSource>;
  /** Newest versions of the views that have a feature of this name. */
  readonly viewsByFeature: ReadonlyMap<string, readonly ViewVersion[]>;
  /** `user_profile` (newest) or `user_profile@2`. Throws invalid_name, view_not_found. */
  view(name: string): ViewVersion;
  /** `churn` (newest) or `churn@2`. Throws invalid_name, service_not_found. */
  service(name: string): ServiceVersion;
  /** Throws invalid_name, source_not_found. */
  source(name: string): StreamSource;
  /** Throws invalid_name, feature_not_found, view_not_found, ambiguous_feature. */
  planOfNames(names: readonly string[]): ReadPlan;
  planOfService(name: string): ReadPlan;
}

export function createTenantRegistry(snapshot: RegistrySnapshot): TenantRegistry {
  const views = new Map(snapshot.views.map((view) => [view.name, view]));
  const services = new Map(snapshot.services.map((service) => [service.name, service]));
  const sources = new Map(snapshot.sources.map((source) => [source.name, source]));
  const index = { views, viewsByFeature: viewsByFeature(snapshot.views.map(newestOf)) };
  const plans = new Map<string, ReadPlan>();
  let plannedFeatures = 0;

  const keep = (key: string, plan: ReadPlan): void => {
    plans.set(key, plan);
    plannedFeatures += plan.features.length;
    for (const [oldest, { features }] of plans) {
      if (plans.size <= mostPlans && plannedFeatures <= mostPlannedFeatures) return;
      plans.delete(oldest);
      plannedFeatures -= features.length;
    }
  };

  const planned = (key: string, names: () => readonly PlannedName[]): ReadPlan => {
    const known = plans.get(key);
    if (known !== undefined) return known;
    const plan = compilePlan(names());
    keep(key, plan);
    return plan;
  };

  return {
    snapshot,
    views,
    services,
    sources,
    viewsByFeature: index.viewsByFeature,
    view: (name) => resolveView(index, name),
    service: (name) => resolveService(services, name),
    source: (name) => resolveSource(sources, name),
    planOfNames: (names) =>
      // No valid name holds a comma, so a list of this many names with this many commas is one list only.
      planned(`${names.length},${names.join(',')}`, () =>
        names.map((name) => ({ name, resolved: resolveFeature(index, name) })),
      ),
    planOfService: (name) => {
      const { features, pinned, service, version } = resolveService(services, name);
      return planned(`@${service}@${version}`, () =>
        features.map((asked, place) => ({ name: asked, resolved: resolveFeature(index, pinned[place] ?? asked) })),
      );
    },
  };
}
