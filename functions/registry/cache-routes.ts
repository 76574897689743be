import type { OnlineCache } from '../../shared/cache/index.ts';
import { cacheRoutes } from '../../shared/contract/cache.ts';
import { normalizeEntityId } from '../../shared/contract/entity-id.ts';
import { FeatureStoreError } from '../../shared/contract/errors.ts';
import type { Registries } from '../../shared/registry/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { ok } from '../http/http-answer.ts';
import { parseWith, readParams, readQuery } from '../http/parse-request.ts';

interface CacheRouteDependencies {
  readonly cache: OnlineCache;
  readonly registries: Registries;
}

export function mountCache(app: FunctionApp, { cache, registries }: CacheRouteDependencies): void {
  const route = cacheRoutes.invalidateCache;
  app.tenantRoute(route, async ({ c, ctx }) => {
    const entityId = normalizeEntityId(parseWith(route.params, readParams(c), 'path').entity_id);
    const { entity_type } = parseWith(route.query, readQuery(c), 'query');
    if (entityId === undefined)
      throw new FeatureStoreError('invalid_request', 'path.entity_id: 1 to 512 bytes of text');
    const { snapshot } = await registries.fresh(ctx);
    // Of old versions too: they stay readable, whatever entity type the newest has.
    const known = new Set(snapshot.views.flatMap(({ versions }) => versions.map(({ entityType }) => entityType)));
    const types = entity_type === undefined ? [...known] : [entity_type].filter((type) => known.has(type));
    const invalidated = await Promise.all(types.map((type) => cache.invalidate(ctx.tenantId, type, entityId)));
    return ok({ entity_id: entityId, invalidated: invalidated.includes(true) });
  });
}
