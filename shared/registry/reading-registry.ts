import { type ErrorCode, FeatureStoreError } from '../contract/errors.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Registries } from './registries.ts';
import type { TenantRegistry } from './tenant-registry.ts';

const unknownNames: ReadonlySet<ErrorCode> = new Set(['feature_not_found', 'view_not_found', 'service_not_found']);

/**
 * Looks something up in the registry in memory: without a promise where it is there, as it is at nearly every read. Before a
 * name is said to be unknown the registry is checked with the store, since another process may have registered it within this
 * second. Throws as `look` does, or rejects.
 */
export function readingRegistry<Result>(
  registries: Registries,
  ctx: TenantContext,
  look: (registry: TenantRegistry) => Result,
): Result | Promise<Result> {
  const registry = registries.current(ctx);
  return registry instanceof Promise
    ? registry.then((loaded) => lookTwice(registries, ctx, loaded, look))
    : lookTwice(registries, ctx, registry, look);
}

function lookTwice<Result>(
  registries: Registries,
  ctx: TenantContext,
  held: TenantRegistry,
  look: (registry: TenantRegistry) => Result,
): Result | Promise<Result> {
  try {
    return look(held);
  } catch (error) {
    if (!(error instanceof FeatureStoreError) || !unknownNames.has(error.code)) throw error;
    return registries.check(ctx).then((checked) => {
      if (checked === held) throw error;
      return look(checked);
    });
  }
}
