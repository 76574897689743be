import { FeatureStoreError } from '../contract/errors.ts';
import type { RowRejection } from '../contract/ingest.ts';
import { ingestLimits } from '../contract/limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { type Registries, readingRegistry, type ViewVersion } from '../registry/index.ts';
import { appendRows, createEnsurePartitions } from '../values/index.ts';
import { acceptRows } from './accept-rows.ts';
import { type ProjectionStores, projectRows } from './project-rows.ts';

export interface IngestDependencies extends ProjectionStores {
  readonly registries: Registries;
  readonly clock: Clock;
  /** Seconds that an event time may be ahead of the clock. */
  readonly futureToleranceSeconds: number;
}

export interface IngestRequest {
  /** `user_profile` (newest version) or `user_profile@2`. */
  readonly view: string;
  readonly rows: readonly unknown[];
  /** Microseconds; the first arrival's for a request sent again, or that of each row by itself. Now without it. */
  readonly arrivalMicros?: number | readonly number[] | undefined;
}

export interface IngestAnswer {
  readonly accepted: number;
  readonly rejected: readonly RowRejection[];
  /** Whether the cache has the rows already; else the sweep brings them. */
  readonly isProjected: boolean;
}

export type IngestRows = (ctx: TenantContext, request: IngestRequest) => Promise<IngestAnswer>;

/**
 * The write trip: judge the rows, append the good ones in one transaction, project them to the cache. Throws
 * view_not_found, invalid_name, too_many_rows, invalid_request for a stream view, and no_row_accepted with the rejections; a row that is refused leaves nothing.
 */
export function createIngestRows(dependencies: IngestDependencies): IngestRows {
  const { database, cache, clock, registries } = dependencies;
  const ensurePartitions = createEnsurePartitions(database);
  const futureToleranceMicros = dependencies.futureToleranceSeconds * 1_000_000;

  return async (ctx, request) => {
    if (request.rows.length > ingestLimits.rows) {
      throw new FeatureStoreError(
        'too_many_rows',
        `at most ${ingestLimits.rows} rows in one request, not ${request.rows.length}`,
      );
    }
    const settings = { arrivalMicros: request.arrivalMicros ?? clock.arrivalMicros(), futureToleranceMicros };
    await registries.fresh(ctx);
    let version = await readingRegistry(registries, ctx, (registry) => registry.view(request.view));
    refuseStreamView(version);
    let judged = acceptRows(version, request.rows, settings);
    if (judged.rejected.some(({ code }) => code === 'unknown_feature')) {
      // Another process may have added the feature within this second.
      const checked = (await registries.check(ctx)).view(request.view);
      if (checked !== version) {
        refuseStreamView(checked);
        version = checked;
        judged = acceptRows(version, request.rows, settings);
      }
    }
    const { accepted, rejected, rows } = judged;
    if (accepted === 0) {
      throw new FeatureStoreError('no_row_accepted', `none of ${request.rows.length} rows was accepted`, {
        accepted: 0,
        rejected,
      });
    }
    const appended = await appendRows({ database, ensurePartitions }, ctx, version, rows);
    const isProjected = await projectRows({ database, cache }, ctx, version, rows, appended);
    return { accepted, rejected, isProjected };
  };
}

function refuseStreamView({ view, stream }: ViewVersion): void {
  if (stream === null) return;
  throw new FeatureStoreError(
    'invalid_request',
    `${view} is a stream view: its features are computed from the events of ${stream.source}`,
  );
}
