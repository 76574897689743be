export { featureAnswer, serviceAnswer, viewAnswer } from './answers.ts';
export type { RegistryEffects } from './change-registry.ts';
export {
  microsPerHour,
  type PlannedEntity,
  type PlannedFeature,
  type PlannedTable,
  type ReadPlan,
} from './compile-plan.ts';
export { getFeature, listFeatures } from './list-features.ts';
export { loadSnapshot } from './load-snapshot.ts';
export {
  emptySnapshot,
  type Feature,
  newestOf,
  type RegistrySnapshot,
  type ServiceVersion,
  type ViewVersion,
} from './model.ts';
export { byName, type Page, pageOf } from './page.ts';
export { readingRegistry } from './reading-registry.ts';
export { registerFeature } from './register-feature.ts';
export { registerService } from './register-service.ts';
export { type RegisterDependencies, registerView } from './register-view.ts';
export { createRegistries, type Registries } from './registries.ts';
export { republishRegistry } from './republish-registry.ts';
export type { ResolvedFeature } from './resolve.ts';
export { createSnapshotStore, type SnapshotStore } from './snapshot-store.ts';
export type { TenantRegistry } from './tenant-registry.ts';
