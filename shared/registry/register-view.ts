import { FeatureStoreError } from '../contract/errors.ts';
import type { RegisterViewRequest } from '../contract/feature-views.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { changeRegistry, type Decision, type RegistryEffects, type RegistryWriter } from './change-registry.ts';
import { decideViewChange, type ViewChange } from './decide-view-change.ts';
import type { FeatureView, RegistrySnapshot, SourceField, ViewVersion } from './model.ts';
import { registryTime } from './registry-time.ts';
import { storeViewVersion } from './store-definitions.ts';
import { viewDefinitionOf } from './view-definition.ts';

export interface RegisterDependencies extends RegistryWriter {
  readonly clock: Clock;
  readonly defaultRetentionDays: number;
  /**
   * Why an expression is no filter over these fields, or undefined. Given as an argument, because the functions that only
   * read the registry have no use for a compiler.
   */
  readonly checkFilter: (fields: readonly SourceField[], text: string) => string | undefined;
}

export interface Registered<Version> {
  readonly version: Version;
  /** Whether there is a version or revision that was not there before: 201, else 200. */
  readonly isCreated: boolean;
}

/**
 * Registers a view, its next version or its next revision. Throws version_conflict, and for a stream view source_not_found,
 * invalid_request, invalid_filter, invalid_window, invalid_aggregation.
 */
export async function registerView(
  dependencies: RegisterDependencies,
  ctx: TenantContext,
  definition: RegisterViewRequest,
): Promise<Registered<ViewVersion>> {
  const { database, effects } = dependencies;
  const registered = await changeRegistry(dependencies, ctx, (current) =>
    decideRegistration(dependencies, ctx, current, definition),
  );
  if (registered.version.stream !== null) await effects.startBackfill(database, ctx, registered.version);
  return registered;
}

/** The decision of registering a definition against a registry, ready to be applied. */
export function decideRegistration(
  dependencies: RegisterDependencies,
  ctx: TenantContext,
  current: RegistrySnapshot,
  request: RegisterViewRequest,
): Decision<Registered<ViewVersion>> {
  const { effects, clock, defaultRetentionDays } = dependencies;
  const definition = viewDefinitionOf(dependencies, current, request);
  const settings = { defaultRetentionDays, now: registryTime(clock) };
  const change = decideViewChange(findView(current, definition.name), definition, settings);
  if (change.kind === 'conflict') {
    throw new FeatureStoreError('version_conflict', change.detail, { differences: change.differences });
  }
  const isCreated = change.kind === 'extended' || change.kind === 'versioned';
  const result = { version: change.version, isCreated };
  return change.kind === 'none'
    ? { result }
    : { result, apply: (transaction) => apply(effects, transaction, ctx, change, current.epoch + 1) };
}

export function findView(snapshot: RegistrySnapshot, name: string): FeatureView | undefined {
  return snapshot.views.find((view) => view.name === name);
}

async function apply(
  effects: RegistryEffects,
  transaction: Parameters<NonNullable<Decision<unknown>['apply']>>[0],
  ctx: TenantContext,
  change: Exclude<ViewChange, { kind: 'conflict' }>,
  epoch: number,
): Promise<void> {
  if (change.kind === 'versioned' && change.ownTable) {
    if (change.version.stream === null) await effects.createViewTable(transaction, ctx, change.version);
    else await effects.createTileTable(transaction, ctx, change.version, epoch);
  } else if (change.kind === 'versioned' || change.kind === 'extended') {
    if (change.added.length > 0) await effects.addFeatureColumns(transaction, ctx, change.version.table, change.added);
  }
  await storeViewVersion(transaction, ctx, change.version);
}
