import { featureServiceRoutes } from '../../shared/contract/feature-services.ts';
import { featureViewRoutes } from '../../shared/contract/feature-views.ts';
import { featureRoutes } from '../../shared/contract/features.ts';
import { streamSourceRoutes } from '../../shared/contract/stream-sources.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import {
  featureAnswer,
  getFeature,
  listFeatures,
  newestOf,
  pageOf,
  type Registries,
  readingRegistry,
  serviceAnswer,
  sourceAnswer,
  type TenantRegistry,
  viewAnswer,
} from '../../shared/registry/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { ok } from '../http/http-answer.ts';
import { parseWith, readParams, readQuery } from '../http/parse-request.ts';

export function mountRegistryReads(app: FunctionApp, registries: Registries): void {
  const look = async <Result>(ctx: TenantContext, at: (registry: TenantRegistry) => Result): Promise<Result> => {
    await registries.fresh(ctx);
    return readingRegistry(registries, ctx, at);
  };

  app.tenantRoute(featureRoutes.listFeatures, async ({ c, ctx }) => {
    const query = parseWith(featureRoutes.listFeatures.query, readQuery(c), 'query');
    const { entries, nextCursor } = await look(ctx, (registry) => listFeatures(registry, query));
    return ok({ features: entries.map(featureAnswer), next_cursor: nextCursor });
  });

  app.tenantRoute(featureRoutes.getFeature, async ({ c, ctx }) => {
    const { name } = parseWith(featureRoutes.getFeature.params, readParams(c), 'path');
    const { chosen, versions } = await look(ctx, (registry) => getFeature(registry, name));
    return ok({ ...featureAnswer(chosen), versions: versions.map(featureAnswer) });
  });

  app.tenantRoute(featureViewRoutes.listViews, async ({ c, ctx }) => {
    const query = parseWith(featureViewRoutes.listViews.query, readQuery(c), 'query');
    const page = await look(ctx, ({ snapshot }) => pageOf(snapshot.views, ({ name }) => name, query));
    return ok({ feature_views: page.entries.map((view) => viewAnswer(newestOf(view))), next_cursor: page.nextCursor });
  });

  app.tenantRoute(featureViewRoutes.getView, async ({ c, ctx }) => {
    const { name } = parseWith(featureViewRoutes.getView.params, readParams(c), 'path');
    const { chosen, versions } = await look(ctx, (registry) => {
      const version = registry.view(name);
      return { chosen: version, versions: registry.views.get(version.view)?.versions ?? [] };
    });
    return ok({ ...viewAnswer(chosen), versions: versions.map(viewAnswer).reverse() });
  });

  app.tenantRoute(featureServiceRoutes.listServices, async ({ c, ctx }) => {
    const query = parseWith(featureServiceRoutes.listServices.query, readQuery(c), 'query');
    const page = await look(ctx, ({ snapshot }) => pageOf(snapshot.services, ({ name }) => name, query));
    return ok({
      feature_services: page.entries.map((service) => serviceAnswer(newestOf(service))),
      next_cursor: page.nextCursor,
    });
  });

  app.tenantRoute(featureServiceRoutes.getService, async ({ c, ctx }) => {
    const { name } = parseWith(featureServiceRoutes.getService.params, readParams(c), 'path');
    const { chosen, versions } = await look(ctx, (registry) => {
      const version = registry.service(name);
      return { chosen: version, versions: registry.services.get(version.service)?.versions ?? [] };
    });
    return ok({ ...serviceAnswer(chosen), versions: versions.map(serviceAnswer).reverse() });
  });

  app.tenantRoute(streamSourceRoutes.listSources, async ({ c, ctx }) => {
    const query = parseWith(streamSourceRoutes.listSources.query, readQuery(c), 'query');
    const page = await look(ctx, ({ snapshot }) => pageOf(snapshot.sources, ({ name }) => name, query));
    return ok({ stream_sources: page.entries.map(sourceAnswer), next_cursor: page.nextCursor });
  });

  app.tenantRoute(streamSourceRoutes.getSource, async ({ c, ctx }) => {
    const { name } = parseWith(streamSourceRoutes.getSource.params, readParams(c), 'path');
    return ok(sourceAnswer(await look(ctx, (registry) => registry.source(name))));
  });
}
