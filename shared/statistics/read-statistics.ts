import { FeatureStoreError } from '../contract/errors.ts';
import type { StatisticsAnswer, StatisticsRequest } from '../contract/statistics.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import {
  beyondRetention,
  type Feature,
  type Registries,
  readingRegistry,
  retentionHorizon,
  type ViewVersion,
} from '../registry/index.ts';
import { readHours } from './read-hours.ts';
import { hoursOf, statisticsWindow } from './statistics-window.ts';

export interface ReadStatisticsDependencies {
  readonly registries: Registries;
  readonly database: Database;
  readonly clock: Clock;
}

export type ReadStatistics = (
  ctx: TenantContext,
  view: string,
  request: StatisticsRequest,
) => Promise<StatisticsAnswer>;

/**
 * Hourly statistics of one feature of a view (`name` or `name@2`), as of the last maintenance. Throws invalid_name,
 * view_not_found, feature_not_found, invalid_request, and unavailable with the view.
 */
export function createReadStatistics({ registries, database, clock }: ReadStatisticsDependencies): ReadStatistics {
  return async (ctx, view, request) => {
    await registries.fresh(ctx);
    const { version, feature } = await readingRegistry(registries, ctx, (registry) =>
      featureOf(registry.view(view), request.feature),
    );
    const nowMicros = clock.nowMicros();
    const window = statisticsWindow(request, nowMicros);
    const warning = beyondRetention(version, window.fromMicros, nowMicros);
    const asked = hoursOf(window, retentionHorizon(version, nowMicros));
    try {
      const hours = await readHours(database, ctx, version, feature, asked);
      const answer = { view: version.view, version: version.version, feature: feature.name, hours };
      return warning === undefined ? answer : { ...answer, warnings: [warning] };
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      const detail = `Postgres cannot answer ${version.view} now`;
      throw new FeatureStoreError('unavailable', detail, { views: [version.view] }, { cause: error });
    }
  };
}

function featureOf(version: ViewVersion, name: string): { version: ViewVersion; feature: Feature } {
  if (version.stream !== null) {
    throw new FeatureStoreError('invalid_request', `${version.view} is a stream view: hourly statistics are of rows`);
  }
  const feature = version.features.find((candidate) => candidate.name === name);
  if (feature !== undefined) return { version, feature };
  throw new FeatureStoreError(
    'feature_not_found',
    `there is no feature ${name} in ${version.view} version ${version.version}`,
  );
}
