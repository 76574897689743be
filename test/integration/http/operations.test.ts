import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationsRoutes } from '../../../shared/contract/operations.ts';
import { createSystemClock } from '../../../shared/platform/clock.ts';
import type { TenantContext } from '../../../shared/platform/context.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { freePort } from '../../support/free-port.ts';
import { answerOf } from './answer-of.ts';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

test('the process says that it is alive and which stores answer, to anybody', async () => {
  expect(answerOf(operationsRoutes.health, 200, await store.get('/health', { key: null }))).toEqual({ status: 'ok' });
  const up = { status: 'up' };
  expect(answerOf(operationsRoutes.ready, 200, await store.get('/health/ready', { key: null }))).toEqual({
    status: 'ready',
    dependencies: { postgres: up, cache: up, dynamodb: up },
  });
});

test('it names the store that is down, and stays alive', async () => {
  const port = await freePort();
  const half = await createFeatureStore({ replace: { postgresUrl: `postgres://nobody@127.0.0.1:${port}/none` } });
  expect(answerOf(operationsRoutes.ready, 503, await half.get('/health/ready', { key: null }))).toEqual({
    status: 'degraded',
    dependencies: {
      postgres: { status: 'down', detail: expect.any(String) },
      cache: { status: 'up' },
      dynamodb: { status: 'up' },
    },
  });
  expect((await half.get('/health', { key: null })).status).toBe(200);
  const refused = await half.post('/api/v1/features/register', { name: 'a', dtype: 'int64', entity_type: 'user' });
  expect(refused.json).toMatchObject({ status: 503, code: 'unavailable' });
  expect(refused.headers.get('retry-after')).toBe('1');
  await half.close();
});

describe('a request id', () => {
  test.each(['abc', 'a.b:c_d-9', 'x'.repeat(128)])('%s that the caller gives comes back', async (id) => {
    const answer = await store.get('/api/v1/features', { headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toBe(id);
    const refused = await store.get('/nowhere', { headers: { 'x-request-id': id } });
    expect(refused.json.request_id).toBe(id);
  });

  test.each(['', 'a b', '"><script>', 'x'.repeat(129), 'é'])('"%s" is replaced by a new one', async (id) => {
    const answer = await store.get('/health', { key: null, headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });
});

const metricNames = [
  'feature_store_api_requests_total',
  'feature_store_api_latency_seconds',
  'feature_store_cache_hits_total',
  'feature_store_cache_misses_total',
  'feature_store_feature_freshness_seconds',
  'feature_store_stale_views',
  'feature_store_db_query_duration_seconds',
];

test('the metrics count requests, hits, misses, statements and stale views', async () => {
  const view = { name: 'measured', entity_type: 'user', features: [{ name: 'm', dtype: 'int64' }] };
  await store.post('/api/v1/feature-views', view);
  const rows = [{ entity_id: 'm1', event_time: new Date(Date.now() - 60_000).toISOString(), values: { m: 1 } }];
  await store.post('/api/v1/features/ingest', { view: 'measured', rows });
  await store.post('/api/v1/features/online', { entity_ids: ['m1', 'nobody'], feature_names: ['m'] });
  await store.get('/api/v1/features/nothing');

  const { text, sampleOf } = await scrape(store);
  expect(metricNames.filter((name) => !text.includes(`# TYPE ${name} `))).toEqual([]);
  expect(sampleOf('feature_store_api_requests_total{route="readOnline",status="200"}')).toBe(1);
  expect(sampleOf('feature_store_api_requests_total{route="getFeature",status="404"}')).toBe(1);
  expect(sampleOf('feature_store_api_latency_seconds_count{route="readOnline"}')).toBe(1);
  expect(sampleOf('feature_store_cache_hits_total')).toBe(1);
  expect(sampleOf('feature_store_cache_misses_total')).toBe(1);
  expect(sampleOf('feature_store_stale_views')).toBe(0);
  expect(text).toMatch(/feature_store_db_query_duration_seconds_count\{statement="\w+"\} [1-9]/);
  // What a caller makes up is never a label.
  expect(text).not.toContain('nobody');
});

test('the age of the newest data answered is told by tenant and view, and grows while nothing is asked', async () => {
  let nowMicros = Date.now() * 1000;
  const clocked = await createFeatureStore({ clock: { ...createSystemClock(), nowMicros: () => nowMicros } });
  const other = await clocked.createTenant();
  const agesInSeconds = { [clocked.tenant.key]: { old: 3600, new: 60 }, [other.key]: { old: 600, new: 300 } };
  for (const [key, ages] of Object.entries(agesInSeconds)) {
    const view = { name: 'aged', entity_type: 'user', features: [{ name: 'a', dtype: 'int64' }] };
    await clocked.post('/api/v1/feature-views', view, { key });
    const rows = Object.entries(ages).map(([entity_id, age]) => ({
      entity_id,
      event_time: new Date(nowMicros / 1000 - age * 1000).toISOString(),
      values: { a: 1 },
    }));
    await clocked.post('/api/v1/features/ingest', { view: 'aged', rows }, { key });
    // The newest is neither the first of an answer nor in the last one.
    for (const entity_ids of [['nobody', 'old', 'new', 'old'], ['old']]) {
      const read = await clocked.post('/api/v1/features/online', { entity_ids, feature_names: ['a'] }, { key });
      expect(read.status, read.text).toBe(200);
    }
  }
  const freshness = async ({ tenantName }: TenantContext): Promise<number> => {
    const { sampleOf } = await scrape(clocked);
    return sampleOf(`feature_store_feature_freshness_seconds{view="aged",tenant="${tenantName}"}`);
  };
  expect(await freshness(clocked.tenant.ctx)).toBe(60);
  expect(await freshness(other.ctx)).toBe(300);
  nowMicros += 30_000_000;
  expect(await freshness(clocked.tenant.ctx)).toBe(90);
  expect(await freshness(other.ctx)).toBe(330);
  await clocked.close();
});

async function scrape(asked: TestFeatureStore): Promise<{ text: string; sampleOf: (series: string) => number }> {
  const answer = await asked.get('/metrics', { key: null });
  answerOf(operationsRoutes.metrics, 200, answer);
  const lines = answer.text.split('\n');
  const sampleOf = (series: string): number =>
    Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length));
  return { text: answer.text, sampleOf };
}
