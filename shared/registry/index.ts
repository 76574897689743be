export { featureAnswer, serviceAnswer, sourceAnswer, viewAnswer } from './answers.ts';
export type { RegistryEffects } from './change-registry.ts';
export type {
  PlannedEntity,
  PlannedFeature,
  PlannedRun,
  PlannedTable,
  ReadPlan,
} from './compile-plan.ts';
export { getFeature, listFeatures } from './list-features.ts';
export {
  type Feature,
  newestOf,
  type RegistrySnapshot,
  type SourceField,
  type StreamSource,
  type ViewVersion,
} from './model.ts';
export { pageOf } from './page.ts';
export { readRegistry } from './read-registry.ts';
export { createSnapshotReads } from './read-snapshot.ts';
export { readingRegistry } from './reading-registry.ts';
export { registerFeature } from './register-feature.ts';
export { registerService } from './register-service.ts';
export { registerSource } from './register-source.ts';
export { type RegisterDependencies, registerView } from './register-view.ts';
export { createRegistries, type Registries } from './registries.ts';
export { republishRegistry } from './republish-registry.ts';
export { beyondRetention, retentionHorizon } from './retention.ts';
export { createSnapshotStore, type SnapshotStore } from './snapshot-store.ts';
export type { TenantRegistry } from './tenant-registry.ts';
