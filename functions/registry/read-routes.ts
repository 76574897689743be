import { featureServiceRoutes } from '../../shared/contract/feature-services.ts';
import { featureViewRoutes, type ViewAnswer } from '../../shared/contract/feature-views.ts';
import { featureRoutes } from '../../shared/contract/features.ts';
import { streamSourceRoutes } from '../../shared/contract/stream-sources.ts';
import { readBackfills } from '../../shared/events/index.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import type { Database } from '../../shared/platform/database.ts';
import { UnavailableError } from '../../shared/platform/unavailable.ts';
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
  type ViewVersion,
  viewAnswer,
} from '../../shared/registry/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { ok } from '../http/http-answer.ts';
import { parseWith, readParams, readQuery } from '../http/parse-request.ts';

export interface RegistryReadDependencies {
  readonly registries: Registries;
  /** Tells how far backfills are. */
  readonly database: Database;
}

export function mountRegistryReads(app: FunctionApp, { registries, database }: RegistryReadDependencies): void {
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
    const backfills = await backfillsOf(database, ctx, versions);
    const answerOf = (version: ViewVersion) => ({ ...viewAnswer(version), ...backfills.get(version.table) });
    return ok({ ...answerOf(chosen), versions: versions.map(answerOf).reverse() });
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

/** By table, where there was something to count. Definitions are answered while Postgres is away too, then without it. */
async function backfillsOf(
  database: Database,
  ctx: TenantContext,
  versions: readonly ViewVersion[],
): Promise<Map<string, Pick<ViewAnswer, 'backfill'>>> {
  const tables = versions.filter(({ stream }) => stream !== null).map(({ table }) => table);
  if (tables.length === 0) return new Map();
  try {
    const found = (await readBackfills(database, ctx, tables)).filter(({ eventsTotal }) => eventsTotal !== 0);
    return new Map(
      found.map(({ table, status, eventsDone, eventsTotal }) => [
        table,
        { backfill: { status, events_done: eventsDone, events_total: eventsTotal } },
      ]),
    );
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return new Map();
  }
}
