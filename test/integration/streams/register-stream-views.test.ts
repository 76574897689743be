import { afterAll, beforeAll, expect, test } from 'vitest';
import { featureServiceRoutes } from '../../../shared/contract/feature-services.ts';
import { featureViewRoutes } from '../../../shared/contract/feature-views.ts';
import { featureRoutes } from '../../../shared/contract/features.ts';
import { maintain } from '../../../shared/maintenance/index.ts';
import { createSystemClock } from '../../../shared/platform/clock.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import { createSnapshotStore, readRegistry } from '../../../shared/registry/index.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { answerOf } from '../http/answer-of.ts';
import { purchases, sourcesPath, spend, viewsPath } from './streams-setup.ts';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
  expect((await store.post(sourcesPath, purchases)).status).toBe(201);
});
afterAll(() => store.close());

const register = async (status: number, body: unknown) =>
  answerOf(featureViewRoutes.registerView, status, await store.post(viewsPath, body));
const read = async (name: string) => answerOf(featureViewRoutes.getView, 200, await store.get(`${viewsPath}/${name}`));

const tablesLike = async (pattern: string): Promise<string[]> => {
  const tables = await store.databases.admin.rows<{ name: string }>({
    name: 'tables',
    text: `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND tablename LIKE $2 ORDER BY 1`,
    values: [store.tenant.ctx.tenantId, pattern],
  });
  return tables.map(({ name }) => name);
};

test('a stream view is registered with a feature for each aggregation, and shown beside them', async () => {
  const first = await register(201, spend);
  const none = { field: null, window: null, k: null, p: null };
  const feature = { ttl_hours: null, description: '', tags: [] };
  expect(first).toEqual({
    ...spend,
    version: 1,
    revision: 1,
    features: [
      { name: 'spend_24h', dtype: 'float64', ...feature },
      { name: 'countries', dtype: 'string[]', ...feature },
      { name: 'purchases_ever', dtype: 'int64', ...feature },
    ],
    aggregations: spend.aggregations.map((aggregation) => ({ ...none, ...aggregation })),
    ttl_hours: null,
    description: '',
    tags: [],
    owner: null,
    retention_days: 90,
    max_staleness_seconds: null,
    created_at: expect.any(String),
    updated_at: first.created_at,
  });
  expect(await register(200, spend)).toEqual(first);
  expect(await register(200, { ...spend, version: 1, aggregations: spend.aggregations.toReversed() })).toEqual(first);
  expect(await read('spend')).toEqual({ ...first, versions: [first] });
  const { feature_views } = (await store.get(viewsPath)).json;
  expect(feature_views).toEqual([first]);
});

test('a stream view is described in place, given TTLs over the same tiles, and else versioned with its own', async () => {
  const view = { ...spend, name: 'versioned' };
  await register(201, view);
  expect(await register(200, { ...view, owner: 'growth', retention_days: 400 })).toMatchObject({
    version: 1,
    owner: 'growth',
    retention_days: 400,
  });
  expect(await register(201, { ...view, ttl_hours: 5 })).toMatchObject({ version: 2, ttl_hours: 5 });
  expect(await tablesLike('versioned%')).toEqual(['versioned_v1']);
  expect(await register(201, { ...view, where: 'amount > 1.0' })).toMatchObject({ version: 3, where: 'amount > 1.0' });
  const features = [{ name: 'spend_24h', dtype: 'float64' }];
  const batch = { name: 'versioned', entity_type: 'user', features };
  const conflict = await store.post(viewsPath, { ...batch, version: 3 });
  expect(conflict.json).toMatchObject({
    code: 'version_conflict',
    differences: expect.arrayContaining(['it is a stream view']),
  });
  const turned = await register(201, batch);
  expect(turned).toMatchObject({ version: 4 });
  expect(turned).not.toHaveProperty('source');
  expect(await register(201, view)).toMatchObject({ version: 5, source: 'purchases' });
  const { versions } = await read('versioned');
  expect(versions.map(({ where }: { where?: string }) => where)).toEqual([
    'amount > 0.0',
    undefined,
    'amount > 1.0',
    'amount > 0.0',
    'amount > 0.0',
  ]);
  expect((await tablesLike('versioned\\_v_')).sort()).toEqual([1, 3, 4, 5].map((n) => `versioned_v${n}`));
});

test('its features are found, listed and pinned as others are', async () => {
  await register(201, {
    ...spend,
    name: 'listed',
    aggregations: [{ name: 'listed_n', function: 'count', tags: ['x'] }],
  });
  const found = answerOf(featureRoutes.getFeature, 200, await store.get('/api/v1/features/listed_n'));
  expect(found).toMatchObject({ view: 'listed', dtype: 'int64', version: 1 });
  const listed = answerOf(featureRoutes.listFeatures, 200, await store.get('/api/v1/features?tag=x'));
  expect(listed.features).toMatchObject([{ name: 'listed_n' }]);
  const service = { name: 'model', features: ['listed_n', 'listed:listed_n'] };
  const made = answerOf(
    featureServiceRoutes.registerService,
    201,
    await store.post('/api/v1/feature-services', service),
  );
  expect(made.pinned).toEqual(['listed@1:listed_n', 'listed@1:listed_n']);
});

test('it takes no rows, no feature by itself, and has no hourly statistics', async () => {
  await register(201, { ...spend, name: 'closed' });
  const rows = [{ entity_id: 'u', event_time: new Date().toISOString(), values: { spend_24h: 1 } }];
  for (const view of ['closed', 'closed@1']) {
    const answer = await store.post('/api/v1/features/ingest', { view, rows });
    expect(answer.json).toMatchObject({ code: 'invalid_request', detail: expect.stringContaining('is a stream view') });
  }
  const feature = { name: 'more', view: 'closed', dtype: 'float64', entity_type: 'user' };
  const single = await store.post('/api/v1/features/register', feature);
  expect(single.json).toMatchObject({ code: 'version_conflict', differences: ['closed is a stream view'] });
  const statistics = await store.get(`${viewsPath}/closed/statistics?feature=spend_24h`);
  expect(statistics.json).toMatchObject({ code: 'invalid_request' });
});

test('the maintenance job keeps the tables of events and of tiles too', async () => {
  const { owner } = store.databases;
  const dependencies = { database: owner, clock: createSystemClock(), telemetry: silentTelemetry };
  const { tables, failures } = await maintain(dependencies, [store.tenant.ctx]);
  expect({ tables, failures }).toEqual({ tables: 8, failures: [] });
});

test('what is published is what Postgres has, and a snapshot of before there were streams has none', async () => {
  const snapshots = createSnapshotStore(store.dynamodb);
  const stored = await readRegistry(store.databases.owner, store.tenant.ctx);
  expect(stored.sources.map(({ name }) => name)).toEqual(['purchases']);
  expect(stored.views.flatMap(({ versions }) => versions).filter(({ stream }) => stream !== null)).toHaveLength(7);
  expect(await snapshots.read(store.tenant.ctx.tenantId)).toEqual(stored);

  const [view] = stored.views.filter(({ name }) => name === 'versioned');
  const batch = (view?.versions ?? []).filter(({ stream }) => stream === null);
  const { stream: _, ...before } = batch[0] ?? {};
  const old = { epoch: 1, views: [{ name: 'versioned', versions: [before] }], services: [] };
  const tenantId = `t_${crypto.randomUUID()}`;
  await snapshots.publish(tenantId, old as never);
  expect(await snapshots.read(tenantId)).toEqual({
    epoch: 1,
    views: [{ name: 'versioned', versions: [batch[0]] }],
    services: [],
    sources: [],
  });
});

test('the writer may write tiles and ids, and neither it nor the reader more', async () => {
  const { tenantId } = store.tenant.ctx;
  const allowed = await store.databases.admin.rows<{ right: string }>({
    name: 'rights',
    text: `
      SELECT replace(role, 'feature_store_', '') || ' ' || what || ' ' || name AS right
      FROM unnest(ARRAY['feature_store_writer', 'feature_store_reader']) AS role,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS what,
        unnest(ARRAY['spend_v1', 'purchases_events', 'purchases_seen']) AS name
      WHERE has_table_privilege(role, $1 || '.' || name, what) ORDER BY 1`,
    values: [tenantId],
  });
  expect(allowed.map(({ right }) => right)).toEqual([
    'reader SELECT purchases_events',
    'reader SELECT purchases_seen',
    'reader SELECT spend_v1',
    'writer DELETE purchases_seen',
    'writer INSERT purchases_events',
    'writer INSERT purchases_seen',
    'writer INSERT spend_v1',
    'writer SELECT purchases_events',
    'writer SELECT purchases_seen',
    'writer SELECT spend_v1',
    'writer UPDATE spend_v1',
  ]);
});
