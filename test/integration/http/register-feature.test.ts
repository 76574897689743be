import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { featureServiceRoutes } from '../../../shared/contract/feature-services.ts';
import { featureViewRoutes } from '../../../shared/contract/feature-views.ts';
import { featureRoutes } from '../../../shared/contract/features.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { answerOf } from './answer-of.ts';

const path = '/api/v1/features/register';
const route = featureRoutes.registerFeature;
const lifetimeValue = {
  name: 'user_lifetime_value',
  version: 1,
  dtype: 'float64',
  entity_type: 'user',
  ttl_hours: 24,
  description: 'Total purchase value across all time',
  tags: ['revenue'],
};

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

const register = async (status: number, body: unknown) => answerOf(route, status, await store.post(path, body));

describe('registering a feature by itself', () => {
  test('makes a view of the same name, and again changes nothing', async () => {
    const first = await register(201, lifetimeValue);
    expect(first).toMatchObject({ ...lifetimeValue, view: 'user_lifetime_value' });
    expect(await register(200, lifetimeValue)).toEqual(first);
    const { version: _, ...withoutVersion } = lifetimeValue;
    expect(await register(200, withoutVersion)).toEqual(first);
  });

  test('changes its description in place', async () => {
    const feature = { name: 'described', dtype: 'int64', entity_type: 'user' };
    const before = await register(201, { ...feature, description: 'one', tags: ['a'] });
    const after = await register(200, { ...feature, description: 'two' });
    expect(after).toMatchObject({ version: 1, description: 'two', tags: [], created_at: before.created_at });
  });

  test('makes a new version of another dtype, of another TTL and of the next number', async () => {
    const feature = { name: 'versioned', dtype: 'int64', entity_type: 'user' };
    expect(await register(201, feature)).toMatchObject({ version: 1 });
    expect(await register(201, { ...feature, dtype: 'string' })).toMatchObject({ version: 2, dtype: 'string' });
    expect(await register(201, { ...feature, dtype: 'string', ttl_hours: 5 })).toMatchObject({
      version: 3,
      ttl_hours: 5,
    });
    expect(await register(201, { ...feature, version: 4, dtype: 'bool' })).toMatchObject({ version: 4 });
    expect(await register(200, { ...feature, version: 1 })).toMatchObject({ version: 1, dtype: 'int64' });

    const read = answerOf(featureRoutes.getFeature, 200, await store.get('/api/v1/features/versioned'));
    expect(read).toMatchObject({ version: 4, dtype: 'bool' });
    expect(read.versions.map((version: { dtype: string }) => version.dtype)).toEqual([
      'bool',
      'string',
      'string',
      'int64',
    ]);
    const old = answerOf(featureRoutes.getFeature, 200, await store.get('/api/v1/features/versioned@2:versioned'));
    expect(old).toMatchObject({ version: 2, dtype: 'string', ttl_hours: null });
  });

  test('adds it to the view that it names', async () => {
    const feature = { dtype: 'int64', entity_type: 'user', view: 'gathered' };
    expect(await register(201, { ...feature, name: 'first' })).toMatchObject({ version: 1, view: 'gathered' });
    expect(await register(201, { ...feature, name: 'second' })).toMatchObject({ version: 1, view: 'gathered' });
    const view = answerOf(featureViewRoutes.getView, 200, await store.get('/api/v1/feature-views/gathered'));
    expect(view).toMatchObject({ version: 1, revision: 2, features: [{ name: 'first' }, { name: 'second' }] });
    const { view: _, ...unnamed } = feature;
    expect(await register(200, { ...unnamed, name: 'second' })).toMatchObject({ view: 'gathered' });
  });

  test('refuses to choose between two views that have it, and names both', async () => {
    const feature = { name: 'twofold', dtype: 'int64', entity_type: 'user' };
    await register(201, { ...feature, view: 'left' });
    await register(201, { ...feature, view: 'right' });
    const candidates = ['left', 'right'];
    const answer = await store.post(path, feature);
    expect(answer.json).toMatchObject({ status: 400, code: 'ambiguous_feature', candidates });
    const read = await store.get('/api/v1/features/twofold');
    expect(read.json).toMatchObject({ code: 'ambiguous_feature', candidates: ['left:twofold', 'right:twofold'] });
    expect(await register(200, { ...feature, view: 'right' })).toMatchObject({ view: 'right' });
  });

  test('lets no view grow over 500 features', async () => {
    const features = Array.from({ length: 499 }, (_, index) => ({ name: `f${index}`, dtype: 'int64' }));
    const view = { name: 'wide', entity_type: 'user', features };
    expect((await store.post('/api/v1/feature-views', view)).status).toBe(201);
    const feature = { dtype: 'int64', entity_type: 'user', view: 'wide' };
    await register(201, { ...feature, name: 'the_500th' });
    const answer = await store.post(path, { ...feature, name: 'the_501st' });
    expect(answer.json).toMatchObject({ status: 400, code: 'too_many_features' });
  });
});

/** Members of every JavaScript object, which are ordinary names here. */
const inherited = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf', 'toLocaleString'];

test('names that JavaScript objects have work from end to end', async () => {
  for (const name of inherited)
    await register(201, { name, dtype: 'string', entity_type: 'constructor', view: 'toString' });
  const service = { name: 'valueOf', features: inherited };
  answerOf(featureServiceRoutes.registerService, 201, await store.post('/api/v1/feature-services', service));
  const values = Object.fromEntries(inherited.map((name) => [name, `value of ${name}`]));
  const rows = [{ entity_id: 'constructor', event_time: new Date().toISOString(), values }];
  const ingested = await store.post('/api/v1/features/ingest', { view: 'toString', rows });
  expect(ingested.json).toEqual({ accepted: 1, rejected: [] });

  for (const asked of [{ feature_names: inherited }, { feature_service: 'valueOf' }]) {
    const one = await store.post('/api/v1/features/online', { entities: { constructor: 'constructor' }, ...asked });
    expect(one.json.features).toEqual(values);
    expect(one.json.entities).toEqual({ constructor: 'constructor' });
    const many = await store.post('/api/v1/features/online', {
      entity_rows: [{ constructor: 'constructor' }],
      ...asked,
    });
    expect(many.json.rows[0].values).toEqual(Object.values(values));
    const timestamp = new Date().toISOString();
    const batch = await store.post('/api/v1/features/batch', {
      entity_rows: [{ constructor: 'constructor', timestamp, toString: 'echoed' }],
      ...asked,
    });
    expect(batch.json.rows[0].features).toEqual(values);
    expect(batch.json.rows[0].toString).toBe('echoed');
  }
  const found = await store.get('/api/v1/features?entity_type=constructor&view=toString&q=constructor');
  expect(found.json.features).toMatchObject([{ name: 'constructor', view: 'toString' }]);
});
