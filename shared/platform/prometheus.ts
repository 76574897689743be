import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from './clock.ts';
import { ageSeconds, createKnownViews, isStale } from './freshness.ts';
import type { Telemetry } from './telemetry.ts';

export interface PrometheusTelemetry extends Telemetry {
  readonly contentType: string;
  /** The exposition text. */
  expose(): Promise<string>;
}

/**
 * The metrics of `/metrics`. Labels are few and bounded: no key, no entity; tenant and view for freshness alone,
 * which is one series a view (about 5,000 in a cell). Ages are those of the moment of the scrape: they grow while nothing
 * is asked.
 */
export function createPrometheusTelemetry({ clock }: { readonly clock: Clock }): PrometheusTelemetry {
  const views = createKnownViews();
  const registry = new Registry();
  const requests = new Counter({
    name: 'feature_store_api_requests_total',
    help: 'Requests answered',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  const latency = new Histogram({
    name: 'feature_store_api_latency_seconds',
    help: 'Time from request to answer',
    labelNames: ['route'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const limited = new Counter({
    name: 'feature_store_rate_limited_requests_total',
    help: 'Requests refused for a limit, of their key or of their tenant',
    labelNames: ['limit'],
    registers: [registry],
  });
  const hits = new Counter({
    name: 'feature_store_cache_hits_total',
    help: 'View rows found in the cache',
    registers: [registry],
  });
  const misses = new Counter({
    name: 'feature_store_cache_misses_total',
    help: 'View rows that the cache did not have',
    registers: [registry],
  });
  new Gauge({
    name: 'feature_store_feature_freshness_seconds',
    help: 'Age of the newest data of a view that online answers or the maintenance job have seen',
    labelNames: ['view', 'tenant'],
    registers: [registry],
    collect() {
      const nowMicros = clock.nowMicros();
      for (const { view, tenant, newestEventMicros } of views.all()) {
        if (newestEventMicros !== null) this.set({ view, tenant }, ageSeconds(newestEventMicros, nowMicros));
      }
    },
  });
  new Gauge({
    name: 'feature_store_stale_views',
    help: 'Views whose newest data is older than their max_staleness_seconds, of those that the maintenance job measured',
    registers: [registry],
    collect() {
      const nowMicros = clock.nowMicros();
      this.set(views.all().filter((view) => isStale(view, nowMicros)).length);
    },
  });
  const queries = new Histogram({
    name: 'feature_store_db_query_duration_seconds',
    help: 'Time of a Postgres statement',
    labelNames: ['statement'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10],
    registers: [registry],
  });
  const batches = new Histogram({
    name: 'feature_store_stream_batch_duration_seconds',
    help: 'Time of a batch of stream records',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const events = new Counter({
    name: 'feature_store_stream_events_total',
    help: 'Events and rows of streams that were accepted, those that were stored before among them',
    registers: [registry],
  });
  const duplicates = new Counter({
    name: 'feature_store_stream_duplicates_total',
    help: 'Events of streams that were stored before and changed nothing',
    registers: [registry],
  });
  const deadLetters = new Counter({
    name: 'feature_store_stream_dead_letters_total',
    help: 'Stream records that are among the dead letters, whole or in part',
    registers: [registry],
  });
  const failedRecords = new Counter({
    name: 'feature_store_stream_failed_records_total',
    help: 'Times that a stream record was to come again, since a store was away',
    registers: [registry],
  });
  return {
    requestDone: (route, status, seconds) => {
      requests.inc({ route, status });
      latency.observe({ route }, seconds);
    },
    rateLimited: (limit) => limited.inc({ limit }),
    cacheRead: (hit, missed) => {
      if (hit > 0) hits.inc(hit);
      if (missed > 0) misses.inc(missed);
    },
    queryDone: (statement, seconds) => queries.observe({ statement }, seconds),
    dataSeen: views.seen,
    viewMeasured: views.measured,
    duplicatesDropped: (count) => duplicates.inc(count),
    batchDone: (batch) => {
      batches.observe(batch.seconds);
      events.inc(batch.accepted);
      deadLetters.inc(batch.deadLetters);
      failedRecords.inc(batch.failed);
    },
    contentType: registry.contentType,
    expose: () => registry.metrics(),
  };
}
