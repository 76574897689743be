import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Access } from '../../../shared/contract/route.ts';
import { allRoutes } from '../../../shared/contract/routes.ts';
import {
  type Answer,
  createFeatureStore,
  type TestFeatureStore,
  type TestTenant,
} from '../../support/feature-store.ts';
import { pathOf, validBodies } from './wrong/every-route.ts';
import { openWrongStore, type WrongStore } from './wrong/wrong-store.ts';

const eventTime = new Date(Date.now() - 3_600_000).toISOString();
const vault = {
  name: 'vault_view',
  entity_type: 'vault_user',
  description: 'classified',
  tags: ['classified'],
  owner: 'classified',
  features: [
    { name: 'vault_amount', dtype: 'int64', description: 'classified', tags: ['classified'] },
    { name: 'vault_text', dtype: 'string' },
  ],
};
const vaultSource = {
  name: 'vault_source',
  schema: { vault_id: 'string', at: 'timestamp' },
  event_time: 'at',
  description: 'classified',
  owner: 'classified',
};
const vaultStreamView = {
  name: 'vault_stream',
  entity_type: 'vault_user',
  source: 'vault_source',
  entity_key: 'vault_id',
  aggregations: [{ name: 'vault_count', function: 'count' }],
};
const row = { entity_id: 'v1', event_time: eventTime, values: { vault_amount: 7, vault_text: 'classified' } };
const owned = { vault_amount: 7, vault_text: 'classified' };

let store: TestFeatureStore;
let intruder: TestTenant;
let keyId: string;

beforeAll(async () => {
  store = await createFeatureStore();
  intruder = await store.createTenant();
  for (const [path, body] of [
    ['/api/v1/feature-views', vault],
    ['/api/v1/stream-sources', vaultSource],
    ['/api/v1/feature-services', { name: 'vault_service', features: ['vault_text'], description: 'classified' }],
    ['/api/v1/features/ingest', { view: 'vault_view', rows: [row] }],
    ['/api/v1/api-keys', { scopes: ['read'], description: 'classified' }],
  ] as const) {
    expect((await store.post(path, body)).status).toBeLessThan(300);
  }
  keyId = (await store.get('/api/v1/api-keys')).json.api_keys[0].key_id;
});
afterAll(() => store.close());

interface Intrusion {
  readonly path: string | (() => string);
  readonly body?: unknown;
  /** The code of the refusal, the same as for a name of nobody; or what the intruder gets, which is its own. */
  readonly gets: string | ((answer: Answer) => void);
}

const emptyList = (member: string) => (answer: Answer) =>
  expect(answer.json).toEqual({ [member]: [], next_cursor: null });

/** What somebody with another tenant's admin key does to the first tenant's things, for every route with a tenant. */
const intrusions: Readonly<Record<string, readonly Intrusion[]>> = {
  listFeatures: ['', '?view=vault_view', '?entity_type=vault_user', '?tag=classified', '?q=vault'].map((query) => ({
    path: `/api/v1/features${query}`,
    gets: emptyList('features'),
  })),
  getFeature: [
    { path: '/api/v1/features/vault_amount', gets: 'feature_not_found' },
    { path: '/api/v1/features/vault_view:vault_amount', gets: 'view_not_found' },
    { path: '/api/v1/features/vault_view@1:vault_amount', gets: 'view_not_found' },
  ],
  listViews: [{ path: '/api/v1/feature-views', gets: emptyList('feature_views') }],
  getView: [{ path: '/api/v1/feature-views/vault_view', gets: 'view_not_found' }],
  listSources: [{ path: '/api/v1/stream-sources', gets: emptyList('stream_sources') }],
  getSource: [{ path: '/api/v1/stream-sources/vault_source', gets: 'source_not_found' }],
  readStatistics: ['vault_view', 'vault_view@1'].map((view) => ({
    path: `/api/v1/feature-views/${view}/statistics?feature=vault_amount`,
    gets: 'view_not_found',
  })),
  listServices: [{ path: '/api/v1/feature-services', gets: emptyList('feature_services') }],
  getService: [{ path: '/api/v1/feature-services/vault_service@1', gets: 'service_not_found' }],
  registerService: [
    { path: '/api/v1/feature-services', body: { name: 's', features: ['vault_text'] }, gets: 'feature_not_found' },
    {
      path: '/api/v1/feature-services',
      body: { name: 's', features: ['vault_view:vault_text'] },
      gets: 'view_not_found',
    },
  ],
  ingestRows: [
    { path: '/api/v1/features/ingest', body: { view: 'vault_view', rows: [row] }, gets: 'view_not_found' },
    { path: '/api/v1/features/ingest', body: { view: 'vault_view@1', rows: [row] }, gets: 'view_not_found' },
  ],
  writeEvents: [
    {
      path: '/api/v1/events/vault_source',
      body: { events: [{ vault_id: 'v1', at: eventTime }] },
      gets: 'source_not_found',
    },
  ],
  readOnline: [
    {
      path: '/api/v1/features/online',
      body: { entity_id: 'v1', feature_names: ['vault_text'] },
      gets: 'feature_not_found',
    },
    {
      path: '/api/v1/features/online',
      body: { entity_id: 'v1', feature_service: 'vault_service' },
      gets: 'service_not_found',
    },
  ],
  readBatch: [
    {
      path: '/api/v1/features/batch',
      body: { entity_ids: ['v1'], feature_names: ['vault_view:vault_text'], timestamp: Date.now() },
      gets: 'view_not_found',
    },
  ],
  invalidateCache: ['', '?entity_type=vault_user'].map((query) => ({
    path: `/api/v1/cache/invalidate/v1${query}`,
    gets: (answer) => expect(answer.json).toEqual({ entity_id: 'v1', invalidated: false }),
  })),
  listApiKeys: [
    {
      path: '/api/v1/api-keys',
      gets: (answer) =>
        expect(answer.json.api_keys.map(({ description }: { description: string }) => description)).toEqual([
          'First key of the tenant',
        ]),
    },
  ],
  rotateApiKey: [{ path: () => `/api/v1/api-keys/${keyId}/rotate`, gets: 'not_found' }],
  deleteApiKey: [{ path: () => `/api/v1/api-keys/${keyId}`, gets: 'not_found' }],
  createApiKey: [
    { path: '/api/v1/api-keys', body: { scopes: ['admin'], tenant: 'vault' }, gets: 'invalid_request' },
    { path: '/api/v1/api-keys', body: { scopes: ['read'] }, gets: (answer) => expect(answer.status).toBe(201) },
  ],
  // Last: the same names are the intruder's own then.
  registerView: [
    { path: '/api/v1/feature-views', body: vaultStreamView, gets: 'source_not_found' },
    {
      path: '/api/v1/feature-views',
      body: { name: 'vault_view', entity_type: 'vault_user', features: [{ name: 'vault_text', dtype: 'int64' }] },
      gets: (answer) => expect(answer.json).toMatchObject({ version: 1, revision: 1, owner: null }),
    },
  ],
  registerSource: [
    {
      path: '/api/v1/stream-sources',
      body: { name: 'vault_source', schema: { at: 'timestamp' }, event_time: 'at' },
      gets: (answer) => expect(answer.json).toMatchObject({ revision: 1, owner: null, description: '' }),
    },
  ],
  registerFeature: [
    {
      path: '/api/v1/features/register',
      body: { name: 'vault_amount', view: 'vault_view', dtype: 'string', entity_type: 'vault_user' },
      gets: (answer) => expect(answer.json).toMatchObject({ version: 1, dtype: 'string', description: '' }),
    },
  ],
};

/** Everything that the first tenant can see of itself. */
async function everythingOfTheFirst(): Promise<unknown> {
  const paths = [
    '/api/v1/features',
    '/api/v1/feature-views/vault_view',
    '/api/v1/feature-services/vault_service',
    '/api/v1/stream-sources',
    '/api/v1/api-keys',
  ];
  const lists = await Promise.all(paths.map(async (path) => (await store.get(path)).json));
  const asked = { feature_names: Object.keys(owned) };
  const online = await store.post('/api/v1/features/online', { entity_id: 'v1', ...asked, include_metadata: false });
  const batch = await store.post('/api/v1/features/batch', { entity_ids: ['v1'], ...asked, timestamp: eventTime });
  return { lists, online: online.json, batch: batch.json };
}

const routesOfTenants = allRoutes.filter(({ access }) => access !== 'none' && access !== 'platform');

test('every route of a tenant has an intrusion', () => {
  expect(Object.keys(intrusions).sort()).toEqual(routesOfTenants.map(({ id }) => id).sort());
});

describe.each(Object.keys(intrusions))('by %s', (routeId) => {
  const route = routesOfTenants.find(({ id }) => id === routeId);

  test("another tenant's admin key gets at nothing", async () => {
    const before = await everythingOfTheFirst();
    for (const { path, body, gets } of intrusions[routeId] ?? []) {
      const answer = await store.request(route?.method.toUpperCase() ?? '', typeof path === 'string' ? path : path(), {
        key: intruder.key,
        ...(body === undefined ? {} : { body }),
      });
      if (typeof gets === 'string') expect(answer.json.code, answer.text).toBe(gets);
      else gets(answer);
      expect(answer.text).not.toContain('classified');
      expect(answer.text).not.toContain(store.tenant.ctx.tenantId);
      expect(answer.text).not.toContain(store.tenant.ctx.tenantName);
    }
    expect(await everythingOfTheFirst()).toEqual(before);
  });
});

test('the cache still had what another tenant wanted to invalidate', async () => {
  await store.post('/api/v1/features/online', { entity_id: 'v1', feature_names: ['vault_text'] });
  await store.request('DELETE', '/api/v1/cache/invalidate/v1', { key: intruder.key });
  const own = await store.request('DELETE', '/api/v1/cache/invalidate/v1');
  expect(own.json).toEqual({ entity_id: 'v1', invalidated: true });
});

test('two tenants with the same view, entity and idempotency key each read and write their own', async () => {
  const headers = { 'idempotency-key': 'same' };
  const write = (key: string, text: unknown) => {
    const values = { vault_text: text };
    const body = { view: 'vault_view', rows: [{ entity_id: 'same', event_time: eventTime, values }] };
    return store.post('/api/v1/features/ingest', body, { key, headers });
  };
  expect((await write(store.tenant.key, 'mine')).json).toEqual({ accepted: 1, rejected: [] });
  const absent = await store.post(
    '/api/v1/features/online',
    { entity_id: 'same', feature_names: ['vault_text'] },
    { key: intruder.key },
  );
  expect(absent.json.metadata.vault_text).toMatchObject({ status: 'NOT_FOUND' });
  expect((await write(intruder.key, 5)).json).toEqual({ accepted: 1, rejected: [] });
  for (const [key, value] of [
    [store.tenant.key, 'mine'],
    [intruder.key, 5],
  ] as const) {
    const asked = { feature_names: ['vault_text'] };
    const online = await store.post('/api/v1/features/online', { entity_id: 'same', ...asked }, { key });
    expect(online.json.features).toEqual({ vault_text: value });
    const past = { entity_ids: ['same'], ...asked, timestamp: new Date().toISOString() };
    const batch = await store.post('/api/v1/features/batch', past, { key });
    expect(batch.json.rows[0].features).toEqual({ vault_text: value });
  }
});

describe('a scope', () => {
  let wrong: WrongStore;
  beforeAll(async () => {
    wrong = await openWrongStore();
  });
  afterAll(() => wrong.close());

  const scopes: readonly Access[] = ['read', 'write', 'admin'];

  test.each(routesOfTenants.map((route) => [route.id, route] as const))(
    'of %s is enough, and a lesser one is not',
    async (_, route) => {
      for (const scope of scopes) {
        const answer = await wrong.store.request(route.method.toUpperCase(), pathOf(route), {
          key: wrong.keys[scope],
          ...(route.body === undefined ? {} : { body: validBodies[route.id] }),
        });
        if (scopes.indexOf(scope) < scopes.indexOf(route.access)) {
          expect(answer.json).toMatchObject({ status: 403, code: 'forbidden', scope: route.access });
        } else if (route.id === 'writeEvents') {
          // As far as to Kinesis, which is away here.
          expect(answer.json).toMatchObject({ status: 503, dependency: 'kinesis' });
        } else if (!pathOf(route).includes('AAAAAAAAAAAA')) {
          expect(answer.status, answer.text).toBeLessThan(300);
        } else {
          expect(answer.json.code).toBe('not_found');
        }
      }
    },
  );
});
