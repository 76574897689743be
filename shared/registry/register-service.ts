import type { RegisterServiceRequest } from '../contract/feature-services.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { changeRegistry, type Decision, type RegistryWriter } from './change-registry.ts';
import { newestOf, type ServiceVersion } from './model.ts';
import type { Registered } from './register-view.ts';
import { registryTime } from './registry-time.ts';
import { referenceOf, resolveFeature, viewsByFeature } from './resolve.ts';
import { storeServiceVersion } from './store-definitions.ts';

/**
 * Registers a feature service: its features are pinned to the view versions of this moment, for ever. The same body again
 * pins nothing anew; another body makes the next version. Throws as resolveFeature does.
 */
export function registerService(
  dependencies: RegistryWriter & { readonly clock: Clock },
  ctx: TenantContext,
  request: RegisterServiceRequest,
): Promise<Registered<ServiceVersion>> {
  return changeRegistry(dependencies, ctx, (current): Decision<Registered<ServiceVersion>> => {
    const service = current.services.find(({ name }) => name === request.name);
    const newest = service === undefined ? undefined : newestOf(service);
    if (newest !== undefined && isSame(newest, request)) return { result: { version: newest, isCreated: false } };
    const index = {
      views: new Map(current.views.map((view) => [view.name, view])),
      viewsByFeature: viewsByFeature(current.views.map(newestOf)),
    };
    const version: ServiceVersion = {
      service: request.name,
      version: (newest?.version ?? 0) + 1,
      features: request.features,
      pinned: request.features.map((name) => referenceOf(resolveFeature(index, name))),
      description: request.description,
      tags: request.tags,
      owner: request.owner,
      createdAt: registryTime(dependencies.clock),
    };
    return {
      result: { version, isCreated: true },
      apply: (transaction) => storeServiceVersion(transaction, ctx, version),
    };
  });
}

function isSame(version: ServiceVersion, request: RegisterServiceRequest): boolean {
  const parts = ({
    features,
    description,
    tags,
    owner,
  }: Pick<ServiceVersion, 'features' | 'description' | 'tags' | 'owner'>) =>
    JSON.stringify([features, description, tags, owner]);
  return parts(version) === parts(request);
}
