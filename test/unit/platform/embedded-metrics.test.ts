import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEmbeddedMetrics, type EmbeddedMetrics } from '../../../shared/platform/embedded-metrics.ts';
import { type SetClock, setClock } from './set-clock.ts';

const acme = { tenantId: 't_aaaaaaaaaaaa', tenantName: 'acme' };
const globex = { tenantId: 't_bbbbbbbbbbbb', tenantName: 'globex' };
const freshness = 'feature_store_feature_freshness_seconds';
const staleViews = 'feature_store_stale_views';

let clock: SetClock;
let telemetry: EmbeddedMetrics;
let written: string;
beforeEach(() => {
  written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written += chunk;
    return true;
  });
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'feature-store-test-job');
  clock = setClock();
  telemetry = createEmbeddedMetrics({ clock });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The line that a flush writes. */
function flush(): Record<string, unknown> {
  written = '';
  telemetry.flush();
  return JSON.parse(written);
}

function measure(tenant: typeof acme, view: string, seconds: number | null, maxStalenessSeconds: number | null): void {
  const newestEventMicros = seconds === null ? null : clock.secondsAgo(seconds);
  telemetry.viewMeasured(tenant, { view, newestEventMicros, maxStalenessSeconds });
}

test('a request says the age of its stalest view, and which view that is', () => {
  telemetry.requestDone('readOnline', 200, 0.001);
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(5));
  telemetry.dataSeen(acme, 'orders', clock.secondsAgo(50));
  telemetry.dataSeen(acme, 'clicks', clock.secondsAgo(1));
  const line = flush();
  expect(line).toMatchObject({ [freshness]: 50, stalest_tenant: 'acme', stalest_view: 'orders' });
  expect(line).not.toHaveProperty(staleViews);
  expect(line).toMatchObject({ _aws: { CloudWatchMetrics: [{ Dimensions: [['service', 'route']] }] } });
});

test('a request that was refused for a limit says so, and which limit it was', () => {
  telemetry.rateLimited('tenant');
  telemetry.requestDone('readOnline', 429, 0.001);
  const line = flush();
  expect(line).toMatchObject({ feature_store_rate_limited_requests_total: 1, limit: 'tenant', route: 'readOnline' });
  expect(line).not.toHaveProperty('feature_store_api_errors_total');
  expect(line).toMatchObject({ _aws: { CloudWatchMetrics: [{ Dimensions: [['service', 'route']] }] } });
});

test('of what is reported of one view the newest counts', () => {
  telemetry.requestDone('readOnline', 200, 0.001);
  for (const seconds of [20, 5, 50]) telemetry.dataSeen(acme, 'profile', clock.secondsAgo(seconds));
  expect(flush()).toMatchObject({ [freshness]: 5 });
});

test('two tenants have views of one name apart', () => {
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(10));
  telemetry.dataSeen(globex, 'profile', clock.secondsAgo(20));
  expect(flush()).toMatchObject({ [freshness]: 20, stalest_tenant: 'globex' });
});

test('the next request says nothing of the one before', () => {
  telemetry.requestDone('readOnline', 200, 0.001);
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(50));
  flush();
  telemetry.requestDone('readOnline', 200, 0.001);
  const line = flush();
  for (const member of [freshness, 'stalest_tenant', 'stalest_view']) expect(line).not.toHaveProperty(member);
  telemetry.requestDone('readOnline', 200, 0.001);
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(5));
  expect(flush()).toMatchObject({ [freshness]: 5 });
});

test('a job says the age of the worst view of all tenants and how many are stale, once and under the service alone', () => {
  measure(acme, 'profile', 70, 60);
  measure(acme, 'orders', 60, 60);
  measure(globex, 'profile', 600, null);
  measure(globex, 'clicks', 90, 30);
  measure(globex, 'never_written', null, 1);
  expect(flush()).toEqual({
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        {
          Namespace: 'FeatureStore',
          Dimensions: [['service']],
          Metrics: [
            { Name: freshness, Unit: 'Seconds' },
            { Name: staleViews, Unit: 'Count' },
          ],
        },
      ],
    },
    service: 'feature-store-test-job',
    stalest_tenant: 'globex',
    stalest_view: 'profile',
    [freshness]: 600,
    [staleViews]: 2,
  });
  measure(acme, 'profile', 1, 60);
  expect(flush()).toMatchObject({ [freshness]: 1, [staleViews]: 0 });
});

test('the age is that of the flush, and of data still to come 0', () => {
  measure(acme, 'profile', 10, null);
  clock.passSeconds(5);
  expect(flush()).toMatchObject({ [freshness]: 15 });
  measure(acme, 'profile', -30, 60);
  expect(flush()).toMatchObject({ [freshness]: 0, [staleViews]: 0 });
});

test('views that were never written have no age, and none of them is stale', () => {
  measure(acme, 'profile', null, 60);
  const line = flush();
  expect(line).not.toHaveProperty(freshness);
  expect(line).toMatchObject({ [staleViews]: 0 });
});
