import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Telemetry } from './telemetry.ts';

export interface EmbeddedMetrics extends Telemetry {
  /** Writes what was reported since the last time as one line of CloudWatch's embedded metric format. */
  flush(): void;
}

/**
 * Metrics for CloudWatch. The route is the only dimension, since each combination of dimensions is billed as a metric of
 * its own; freshness is that of the stalest view of the request, by view it is in the logs.
 */
export function createEmbeddedMetrics(): EmbeddedMetrics {
  const metrics = new Metrics({ namespace: 'FeatureStore' });
  let stalestSeconds: number | undefined;
  return {
    requestDone: (route, status, seconds) => {
      metrics.addDimension('route', route);
      metrics.addMetric('feature_store_api_requests_total', MetricUnit.Count, 1);
      metrics.addMetric('feature_store_api_latency_seconds', MetricUnit.Seconds, seconds);
      if (status >= 500) metrics.addMetric('feature_store_api_errors_total', MetricUnit.Count, 1);
    },
    cacheRead: (hits, misses) => {
      metrics.addMetric('feature_store_cache_hits_total', MetricUnit.Count, hits);
      metrics.addMetric('feature_store_cache_misses_total', MetricUnit.Count, misses);
    },
    queryDone: (_statement, seconds) =>
      metrics.addMetric('feature_store_db_query_duration_seconds', MetricUnit.Seconds, seconds),
    freshness: (_view, ageSeconds) => {
      stalestSeconds = Math.max(stalestSeconds ?? 0, ageSeconds);
    },
    flush: () => {
      if (stalestSeconds !== undefined)
        metrics.addMetric('feature_store_feature_freshness_seconds', MetricUnit.Seconds, stalestSeconds);
      stalestSeconds = undefined;
      metrics.publishStoredMetrics();
    },
  };
}
