import { type ErrorCode, FeatureStoreError } from '../contract/errors.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Registries } from './registries.ts';
import type { TenantRegistry } from './tenant-registry.ts';

const unknownNames: ReadonlySet<ErrorCode> = new Set(['feature_not_found', 'view_not_found', 'service_not_found']);

/**
 * Looks something up in the registry in memory. Before a name is said to be unknown the registry is checked with the
 * store, since another process may have registered it within this second.
 */
export async function readingRegistry<Result>(
  registries: Registries,
  ctx: TenantContext,
  look: (registry: TenantRegistry) => Result,
): Promise<Result> {
  const registry = registries.current(ctx);
  const held = registry instanceof Promise ? await registry : registry;
  try {
    return look(held);
  } catch (error) {
    if (!(error instanceof FeatureStoreError) || !unknownNames.has(error.code)) throw error;
    const checked = await registries.check(ctx);
    if (checked === held) throw error;
    return look(checked);
  }
}
