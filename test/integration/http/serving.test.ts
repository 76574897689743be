import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheRoutes } from '../../../shared/contract/cache.ts';
import { ingestRoutes } from '../../../shared/contract/ingest.ts';
import { onlineRoutes } from '../../../shared/contract/online.ts';
import { trainingRoutes } from '../../../shared/contract/training.ts';
import { createFeatureStore, type RequestOptions, type TestFeatureStore } from '../../support/feature-store.ts';
import { answerOf } from './answer-of.ts';

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
  const features = [
    { name: 'age', dtype: 'int64' },
    { name: 'country', dtype: 'string' },
  ];
  await store.post('/api/v1/feature-views', { name: 'profile', entity_type: 'user', features });
  const risk = { name: 'risk', entity_type: 'merchant', features: [{ name: 'score', dtype: 'float64' }] };
  await store.post('/api/v1/feature-views', risk);
});
afterAll(() => store.close());

const ingest = async (body: unknown, options: RequestOptions = {}) =>
  answerOf(ingestRoutes.ingestRows, 200, await store.post('/api/v1/features/ingest', body, options));
const online = async (body: unknown) =>
  answerOf(onlineRoutes.readOnline, 200, await store.post('/api/v1/features/online', body));
const batch = async (body: unknown) =>
  answerOf(trainingRoutes.readBatch, 200, await store.post('/api/v1/features/batch', body));
const rowOf = (entity_id: unknown, event_time: string, values: object) => ({ entity_id, event_time, values });

test('online reads answer one entity, entities of several types, many ids and many rows', async () => {
  const at = minutesAgo(5);
  await ingest({ view: 'profile', rows: [rowOf('o1', at, { age: 1, country: 'DE' }), rowOf('o2', at, { age: 2 })] });
  await ingest({ view: 'risk@1', rows: [rowOf('m1', at, { score: 0.5 })] });

  expect(await online({ entity_id: 'o1', feature_names: ['country', 'profile@1:age'] })).toEqual({
    entity_id: 'o1',
    features: { country: 'DE', 'profile@1:age': 1 },
    metadata: {
      country: { status: 'PRESENT', event_time: at, age_seconds: expect.any(Number), version: 1 },
      'profile@1:age': { status: 'PRESENT', event_time: at, age_seconds: expect.any(Number), version: 1 },
    },
  });
  expect(
    await online({
      entities: { user: 'o1', merchant: 'm1' },
      feature_names: ['score', 'age'],
      include_metadata: false,
    }),
  ).toEqual({
    entities: { user: 'o1', merchant: 'm1' },
    features: { score: 0.5, age: 1 },
  });
  expect(await online({ entity_ids: ['o2', 'nobody', 'o2'], feature_names: ['age', 'country', 'age'] })).toEqual({
    feature_names: ['age', 'country', 'age'],
    rows: [
      { entity_id: 'o2', values: [2, null, 2], statuses: ['PRESENT', 'NULL_VALUE', 'PRESENT'] },
      { entity_id: 'nobody', values: [null, null, null], statuses: ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'] },
      { entity_id: 'o2', values: [2, null, 2], statuses: ['PRESENT', 'NULL_VALUE', 'PRESENT'] },
    ],
  });
  const rows = [
    { merchant: 'm1', user: 'o1' },
    { user: 'o2', merchant: 'm2' },
  ];
  expect(await online({ entity_rows: rows, feature_names: ['age', 'score'], include_metadata: false })).toEqual({
    feature_names: ['age', 'score'],
    rows: [
      { merchant: 'm1', user: 'o1', values: [1, 0.5] },
      { user: 'o2', merchant: 'm2', values: [2, null] },
    ],
  });
});

test('a safe integer and its decimal text are one entity', async () => {
  await ingest({ view: 'profile', rows: [rowOf(5, minutesAgo(1), { age: 55 })] });
  for (const entity_id of [5, '5']) {
    expect(await online({ entity_id, feature_names: ['age'], include_metadata: false })).toEqual({
      entity_id: '5',
      features: { age: 55 },
    });
  }
});

test('a batch answers one row for each input row, with what came along', async () => {
  await ingest({
    view: 'profile',
    rows: [rowOf('b1', minutesAgo(60), { age: 1 }), rowOf('b1', minutesAgo(10), { age: 2 })],
  });
  const [then, now] = [minutesAgo(30), minutesAgo(0)];
  const rows = [
    { entity_id: 'b1', timestamp: then, label: 1, nested: { a: [null, 1.5] } },
    { user: 'b1', timestamp: Date.parse(now) },
    { entity_id: 'b2', timestamp: now },
  ];
  expect(
    await batch({ entity_rows: rows, feature_names: ['age'], known_at: new Date(Date.now() + 1000).toISOString() }),
  ).toEqual({
    feature_names: ['age'],
    rows: [
      { ...rows[0], features: { age: 1 }, statuses: { age: 'PRESENT' } },
      { ...rows[1], features: { age: 2 }, statuses: { age: 'PRESENT' } },
      { ...rows[2], features: { age: null }, statuses: { age: 'NOT_FOUND' } },
    ],
  });
  const old = await batch({ entity_ids: ['b1'], feature_names: ['age'], timestamp: '2020-01-01' });
  expect(old.warnings).toMatchObject([{ code: 'beyond_retention', view: 'profile' }]);
  const none = await batch({ entity_ids: ['b1'], feature_names: ['age'], timestamp: now, known_at: minutesAgo(5) });
  expect(none.rows[0].statuses).toEqual({ age: 'NOT_FOUND' });
});

describe('ingesting', () => {
  test('takes the good rows and says of each other why not', async () => {
    const rows = [
      rowOf('i1', minutesAgo(1), { age: 1 }),
      rowOf('i2', minutesAgo(1), { age: 'old' }),
      rowOf('', minutesAgo(1), {}),
      rowOf('i3', minutesAgo(-60), {}),
      rowOf('i4', minutesAgo(1), { toString: 1 }),
    ];
    const answer = await ingest({ view: 'profile', rows });
    expect(answer.accepted).toBe(1);
    expect(answer.rejected.map(({ index, code }: { index: number; code: string }) => [index, code])).toEqual([
      [1, 'wrong_type'],
      [2, 'invalid_entity_id'],
      [3, 'event_time_in_future'],
      [4, 'unknown_feature'],
    ]);
  });

  test('takes a row a line, and gives a bad line its own index', async () => {
    const lines = [
      JSON.stringify(rowOf('n1', minutesAgo(1), { age: 1 })),
      '',
      '{"entity_id":',
      `${JSON.stringify(rowOf('n2', minutesAgo(1), { age: 2 }))}\r`,
    ];
    const answer = await store.request('POST', '/api/v1/features/ingest?view=profile', {
      rawBody: lines.join('\n'),
      headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
    });
    expect(answerOf(ingestRoutes.ingestRows, 200, answer)).toMatchObject({
      accepted: 2,
      rejected: [{ index: 1, code: 'invalid_row' }],
    });
    const read = await online({ entity_ids: ['n1', 'n2'], feature_names: ['age'], include_metadata: false });
    expect(read.rows.map(({ values }: { values: unknown[] }) => values)).toEqual([[1], [2]]);
  });

  test('takes a body of exactly 4 MiB', async () => {
    const body = JSON.stringify({ view: 'profile', rows: [rowOf('big', minutesAgo(1), { age: 4 })] });
    const rawBody = body + ' '.repeat(4 * 1024 * 1024 - body.length);
    const answer = await store.request('POST', '/api/v1/features/ingest', { rawBody });
    expect(answerOf(ingestRoutes.ingestRows, 200, answer)).toEqual({ accepted: 1, rejected: [] });
  });
});

describe('an idempotency key', () => {
  const at = minutesAgo(2);
  const body = { view: 'profile', rows: [rowOf('k1', at, { age: 1 }), rowOf('k1', '', {})] };
  const once = { headers: { 'idempotency-key': 'order 1' } };
  const stored = () =>
    store.databases.admin.rows({
      name: 'read_all',
      text: `SELECT age::text, created_at::text, recorded_at::text FROM "${store.tenant.ctx.tenantId}".profile_v1
             WHERE entity_id = 'k1' ORDER BY created_at`,
    });

  test('with the same body again gives the same answer and no row, nor a newer one', async () => {
    const first = await ingest(body, once);
    expect(first).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: 'invalid_event_time' }] });
    const before = await stored();
    expect(before).toHaveLength(1);
    expect(await ingest(body, once)).toEqual(first);
    expect(await stored()).toEqual(before);
  });

  test('sent again after a correction does not beat the correction', async () => {
    await ingest({ view: 'profile', rows: [rowOf('k1', at, { age: 2 })] });
    await ingest(body, once);
    expect((await online({ entity_id: 'k1', feature_names: ['age'] })).features).toEqual({ age: 2 });
    expect(await stored()).toMatchObject([{ age: '1' }, { age: '2' }]);
  });

  test('with another body is a conflict and writes nothing', async () => {
    const before = await stored();
    const other = { view: 'profile', rows: [rowOf('k1', at, { age: 3 })] };
    const answer = await store.post('/api/v1/features/ingest', other, once);
    expect(answer.json).toMatchObject({ status: 409, code: 'idempotency_key_reused' });
    expect(await stored()).toEqual(before);
  });
});

test('an invalidated entity is read from Postgres', async () => {
  await ingest({ view: 'profile', rows: [rowOf('a/b %é', minutesAgo(1), { age: 9 })] });
  const path = `/api/v1/cache/invalidate/${encodeURIComponent('a/b %é')}`;
  const invalidate = async (query = '') =>
    answerOf(cacheRoutes.invalidateCache, 200, await store.request('DELETE', `${path}${query}`));
  expect(await invalidate('?entity_type=merchant')).toEqual({ entity_id: 'a/b %é', invalidated: false });
  expect(await invalidate('?entity_type=user')).toEqual({ entity_id: 'a/b %é', invalidated: true });
  expect(await invalidate()).toEqual({ entity_id: 'a/b %é', invalidated: false });
  expect((await online({ entity_id: 'a/b %é', feature_names: ['age'] })).features).toEqual({ age: 9 });
  expect(await invalidate('?entity_type=constructor')).toMatchObject({ invalidated: false });
});

test('an entity of a type that only an old version of a view has is invalidated too', async () => {
  const view = (entity_type: string) => ({ name: 'moved', entity_type, features: [{ name: 'n', dtype: 'int64' }] });
  await store.post('/api/v1/feature-views', view('driver'));
  await store.post('/api/v1/feature-views', view('courier'));
  await ingest({ view: 'moved@1', rows: [rowOf('d1', minutesAgo(1), { n: 1 })] });
  const path = '/api/v1/cache/invalidate/d1';
  for (const query of ['', '?entity_type=driver']) {
    await online({ entity_id: 'd1', feature_names: ['moved@1:n'] });
    const answer = await store.request('DELETE', `${path}${query}`);
    expect(answerOf(cacheRoutes.invalidateCache, 200, answer), query).toMatchObject({ invalidated: true });
  }
});
