import { afterAll, beforeAll, expect, test } from 'vitest';
import { featureServiceRoutes } from '../../../shared/contract/feature-services.ts';
import { featureViewRoutes } from '../../../shared/contract/feature-views.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { answerOf } from './answer-of.ts';

const views = '/api/v1/feature-views';
const services = '/api/v1/feature-services';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

const registerView = async (status: number, body: unknown) =>
  answerOf(featureViewRoutes.registerView, status, await store.post(views, body));
const registerService = async (status: number, body: unknown) =>
  answerOf(featureServiceRoutes.registerService, status, await store.post(services, body));

test('a view is registered with its defaults, again without a change, extended and versioned', async () => {
  const view = { name: 'profile', entity_type: 'user', features: [{ name: 'age', dtype: 'int64' }] };
  const first = await registerView(201, view);
  expect(first).toEqual({
    name: 'profile',
    version: 1,
    revision: 1,
    entity_type: 'user',
    features: [{ name: 'age', dtype: 'int64', ttl_hours: null, description: '', tags: [] }],
    ttl_hours: null,
    description: '',
    tags: [],
    owner: null,
    retention_days: 90,
    max_staleness_seconds: null,
    created_at: expect.any(String),
    updated_at: first.created_at,
  });
  expect(await registerView(200, view)).toEqual(first);
  expect(await registerView(200, { ...view, version: 1 })).toEqual(first);

  const described = { ...view, description: 'who', tags: ['core'], owner: 'growth', retention_days: 30 };
  expect(await registerView(200, described)).toMatchObject({
    version: 1,
    revision: 1,
    owner: 'growth',
    retention_days: 30,
  });
  const extended = { ...view, features: [{ name: 'country', dtype: 'string' }, ...view.features] };
  expect(await registerView(201, extended)).toMatchObject({ version: 1, revision: 2, owner: null, retention_days: 90 });
  expect(await registerView(201, { ...extended, ttl_hours: 5 })).toMatchObject({ version: 2, ttl_hours: 5 });
  expect(await registerView(201, { ...view, features: [{ name: 'age', dtype: 'string' }] })).toMatchObject({
    version: 3,
  });

  const read = answerOf(featureViewRoutes.getView, 200, await store.get(`${views}/profile`));
  expect(read.versions.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1]);
  const second = answerOf(featureViewRoutes.getView, 200, await store.get(`${views}/profile@2`));
  expect(second).toMatchObject({ version: 2, ttl_hours: 5 });
});

test('a conflict says what differs', async () => {
  const view = { name: 'strict', version: 1, entity_type: 'user', features: [{ name: 'a', dtype: 'int64' }] };
  await registerView(201, view);
  const features = [
    { name: 'a', dtype: 'string', ttl_hours: 5 },
    { name: 'b', dtype: 'bool' },
  ];
  const answer = await store.post(views, { ...view, entity_type: 'merchant', ttl_hours: 1, features });
  expect(answer.json).toMatchObject({
    status: 409,
    code: 'version_conflict',
    differences: [
      'entity_type is user, not merchant',
      'ttl_hours is null, not 1',
      'dtype of a is int64, not string',
      'ttl_hours of a is null, not 5',
      'feature b is not in it',
    ],
  });
});

test('a service pins versions at its creation and never changes', async () => {
  const view = { name: 'pinned_view', entity_type: 'user', features: [{ name: 'p', dtype: 'int64' }] };
  await registerView(201, view);
  const service = { name: 'model', features: ['p', 'pinned_view:p'] };
  const first = await registerService(201, service);
  expect(first).toMatchObject({
    version: 1,
    features: service.features,
    pinned: ['pinned_view@1:p', 'pinned_view@1:p'],
  });

  await registerView(201, { ...view, features: [{ name: 'p', dtype: 'string' }] });
  expect(await registerService(200, service)).toEqual(first);
  const second = await registerService(201, { ...service, description: 'again' });
  expect(second).toMatchObject({ version: 2, pinned: ['pinned_view@2:p', 'pinned_view@2:p'] });

  const read = answerOf(featureServiceRoutes.getService, 200, await store.get(`${services}/model`));
  expect(read).toEqual({ ...second, versions: [second, first] });
  expect(answerOf(featureServiceRoutes.getService, 200, await store.get(`${services}/model@1`))).toMatchObject(first);

  for (const [version, value] of [
    ['pinned_view@1', 1],
    ['pinned_view@2', 'one'],
  ] as const) {
    const rows = [{ entity_id: 'u', event_time: new Date().toISOString(), values: { p: value } }];
    await store.post('/api/v1/features/ingest', { view: version, rows });
  }
  for (const [feature_service, p] of [
    ['model@1', 1],
    ['model', 'one'],
  ] as const) {
    const answer = await store.post('/api/v1/features/online', { entity_id: 'u', feature_service });
    expect(answer.json.features).toEqual({ p, 'pinned_view:p': p });
  }
});

test('text of every script comes back as it was', async () => {
  const text = 'naïve 数据 \u{1f4a5} \u0001 \ufeff \uffff "\\ \' ; --\n\t';
  const features = [{ name: 'a', dtype: 'json', description: text, tags: [text] }];
  const view = { name: 'texts', entity_type: 'user', description: text, tags: [text], owner: text, features };
  expect(await registerView(201, view)).toMatchObject(view);
  expect(answerOf(featureViewRoutes.getView, 200, await store.get(`${views}/texts`))).toMatchObject(view);
  const tagged = await store.get(`/api/v1/features?tag=${encodeURIComponent(text)}&q=${encodeURIComponent('数据')}`);
  expect(tagged.json.features).toMatchObject([{ name: 'a', view: 'texts' }]);
});

test('a retry at the same time as the first registers once', async () => {
  const view = { name: 'raced', entity_type: 'user', features: [{ name: 'r', dtype: 'int64' }] };
  const answers = await Promise.all(Array.from({ length: 6 }, () => store.post(views, view)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});
