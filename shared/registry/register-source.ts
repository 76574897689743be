import { FeatureStoreError } from '../contract/errors.ts';
import { registryLimits } from '../contract/limits.ts';
import type { RegisterSourceRequest } from '../contract/stream-sources.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import { changeRegistry, type RegistryEffects } from './change-registry.ts';
import { decideSourceChange, type SourceChange } from './decide-source-change.ts';
import type { RegistrySnapshot, StreamSource } from './model.ts';
import type { RegisterDependencies, Registered } from './register-view.ts';
import { registryTime } from './registry-time.ts';
import { storeSource } from './store-definitions.ts';

/** Registers a stream source, or more fields of it. Throws version_conflict, and invalid_request for one too many. */
export function registerSource(
  { clock, defaultRetentionDays, ...writer }: RegisterDependencies,
  ctx: TenantContext,
  request: RegisterSourceRequest,
): Promise<Registered<StreamSource>> {
  return changeRegistry(writer, ctx, (current) => {
    const source = current.sources.find(({ name }) => name === request.name);
    const settings = { defaultRetentionDays, now: registryTime(clock) };
    const change = decideSourceChange(source, request, current.views, settings);
    if (change.kind === 'refused') throw new FeatureStoreError('invalid_request', change.detail);
    if (change.kind === 'conflict') {
      throw new FeatureStoreError('version_conflict', change.detail, { differences: change.differences });
    }
    if (change.kind === 'created') refuseTooMany(current);
    const isCreated = change.kind === 'created' || change.kind === 'extended';
    const result = { version: change.source, isCreated };
    return change.kind === 'none'
      ? { result }
      : { result, apply: (transaction) => apply(writer.effects, transaction, ctx, change) };
  });
}

function refuseTooMany({ sources }: RegistrySnapshot): void {
  const { sourcesOfTenant } = registryLimits;
  if (sources.length < sourcesOfTenant) return;
  throw new FeatureStoreError('invalid_request', `there are ${sourcesOfTenant} stream sources, which is the most`);
}

async function apply(
  effects: RegistryEffects,
  transaction: Queryable,
  ctx: TenantContext,
  change: Exclude<SourceChange, { kind: 'none' | 'conflict' | 'refused' }>,
): Promise<void> {
  if (change.kind === 'created') await effects.createEventTables(transaction, ctx, change.source);
  if (change.kind === 'extended') {
    await effects.addEventColumns(transaction, ctx, change.source.name, change.added);
  }
  await storeSource(transaction, ctx, change.source);
}
