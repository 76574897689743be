import { FeatureStoreError } from '../contract/errors.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Registries, StreamSource } from '../registry/index.ts';

/** A tenant's source. It may have been registered by another process within this second. Throws invalid_name, source_not_found. */
export async function findSource(registries: Registries, ctx: TenantContext, name: string): Promise<StreamSource> {
  const registry = await registries.fresh(ctx);
  try {
    return registry.source(name);
  } catch (error) {
    if (!(error instanceof FeatureStoreError && error.code === 'source_not_found')) throw error;
    return (await registries.check(ctx)).source(name);
  }
}
