import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationsRoutes } from '../../../shared/contract/operations.ts';
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
  'feature_store_db_query_duration_seconds',
];

test('the metrics count requests, hits, misses, statements and how old data was', async () => {
  const view = { name: 'measured', entity_type: 'user', features: [{ name: 'm', dtype: 'int64' }] };
  await store.post('/api/v1/feature-views', view);
  const rows = [{ entity_id: 'm1', event_time: new Date(Date.now() - 60_000).toISOString(), values: { m: 1 } }];
  await store.post('/api/v1/features/ingest', { view: 'measured', rows });
  await store.post('/api/v1/features/online', { entity_ids: ['m1', 'nobody'], feature_names: ['m'] });
  await store.get('/api/v1/features/nothing');

  const answer = await store.get('/metrics', { key: null });
  answerOf(operationsRoutes.metrics, 200, answer);
  const sampleOf = (line: string): number => {
    const found = answer.text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
    return Number(found?.slice(line.length));
  };
  expect(metricNames.filter((name) => !answer.text.includes(`# TYPE ${name} `))).toEqual([]);
  expect(sampleOf('feature_store_api_requests_total{route="readOnline",status="200"}')).toBe(1);
  expect(sampleOf('feature_store_api_requests_total{route="getFeature",status="404"}')).toBe(1);
  expect(sampleOf('feature_store_api_latency_seconds_count{route="readOnline"}')).toBe(1);
  expect(sampleOf('feature_store_cache_hits_total')).toBe(1);
  expect(sampleOf('feature_store_cache_misses_total')).toBe(1);
  expect(sampleOf('feature_store_feature_freshness_seconds{view="measured"}')).toBeGreaterThanOrEqual(60);
  expect(answer.text).toMatch(/feature_store_db_query_duration_seconds_count\{statement="\w+"\} [1-9]/);
  // What a caller makes up is never a label.
  expect(answer.text).not.toContain('nobody');
  expect(answer.text).not.toContain(store.tenant.ctx.tenantName);
});
