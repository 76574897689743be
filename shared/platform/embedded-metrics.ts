import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Clock } from './clock.ts';
import { ageSeconds, createKnownViews, isStale, type KnownView } from './freshness.ts';
import type { Telemetry } from './telemetry.ts';

export interface EmbeddedMetrics extends Telemetry {
  /** Writes what was reported since the last time as one line of CloudWatch's embedded metric format. */
  flush(): void;
}

/**
 * Metrics for CloudWatch. Beside the service, which is the function's name and so tells stages apart, the route is the only
 * dimension, and a job has none: each combination of dimensions is billed as a metric of its own. So freshness is that of
 * the stalest view since the last flush, which is of one request or of one run of a job; the line names that view and its
 * tenant. How many are stale is said where a job has measured.
 */
export function createEmbeddedMetrics({ clock }: { readonly clock: Clock }): EmbeddedMetrics {
  const metrics = new Metrics({ namespace: 'FeatureStore' });
  let views = createKnownViews();
  let isMeasured = false;
  return {
    requestDone: (route, status, seconds) => {
      metrics.addDimension('route', route);
      metrics.addMetric('feature_store_api_requests_total', MetricUnit.Count, 1);
      metrics.addMetric('feature_store_api_latency_seconds', MetricUnit.Seconds, seconds);
      if (status >= 500) metrics.addMetric('feature_store_api_errors_total', MetricUnit.Count, 1);
    },
    // Of the key or of the tenant: metadata, since a dimension would be a metric more.
    rateLimited: (limit) => {
      metrics.addMetric('feature_store_rate_limited_requests_total', MetricUnit.Count, 1);
      metrics.addMetadata('limit', limit);
    },
    cacheRead: (hits, misses) => {
      metrics.addMetric('feature_store_cache_hits_total', MetricUnit.Count, hits);
      metrics.addMetric('feature_store_cache_misses_total', MetricUnit.Count, misses);
    },
    queryDone: (_statement, seconds) =>
      metrics.addMetric('feature_store_db_query_duration_seconds', MetricUnit.Seconds, seconds),
    dataSeen: (ctx, view, newestEventMicros) => views.seen(ctx, view, newestEventMicros),
    viewMeasured: (ctx, measured) => {
      views.measured(ctx, measured);
      isMeasured = true;
    },
    duplicatesDropped: (count) => metrics.addMetric('feature_store_stream_duplicates_total', MetricUnit.Count, count),
    batchDone: ({ seconds, accepted, deadLetters, failed }) => {
      metrics.addMetric('feature_store_stream_batch_duration_seconds', MetricUnit.Seconds, seconds);
      metrics.addMetric('feature_store_stream_events_total', MetricUnit.Count, accepted);
      metrics.addMetric('feature_store_stream_dead_letters_total', MetricUnit.Count, deadLetters);
      metrics.addMetric('feature_store_stream_failed_records_total', MetricUnit.Count, failed);
    },
    flush: () => {
      // `ColdStart`, in a line of its own: of the first request of a process that a caller waited for, not of one kept started.
      metrics.captureColdStartMetric();
      const known = views.all();
      const nowMicros = clock.nowMicros();
      const stalest = stalestOf(known);
      if (stalest !== undefined) {
        const seconds = ageSeconds(stalest.newestEventMicros, nowMicros);
        metrics.addMetric('feature_store_feature_freshness_seconds', MetricUnit.Seconds, seconds);
        metrics.addMetadata('stalest_tenant', stalest.tenant).addMetadata('stalest_view', stalest.view);
      }
      if (isMeasured) {
        const stale = known.filter((view) => isStale(view, nowMicros));
        metrics.addMetric('feature_store_stale_views', MetricUnit.Count, stale.length);
      }
      views = createKnownViews();
      isMeasured = false;
      metrics.publishStoredMetrics();
    },
  };
}

function stalestOf(views: readonly KnownView[]) {
  let stalest: { readonly tenant: string; readonly view: string; readonly newestEventMicros: number } | undefined;
  for (const { tenant, view, newestEventMicros } of views) {
    if (newestEventMicros === null) continue;
    if (stalest === undefined || newestEventMicros < stalest.newestEventMicros) {
      stalest = { tenant, view, newestEventMicros };
    }
  }
  return stalest;
}
