import {
  type Answer,
  createFeatureStore,
  type TestFeatureStore,
  type TestTenant,
} from '../../../support/feature-store.ts';
import { clicks, clickView } from './streams.ts';

export const platformKey = 'the platform key of the tests';

export interface WrongStore {
  readonly store: TestFeatureStore;
  readonly keys: Readonly<Record<'admin' | 'write' | 'read' | 'platform' | 'none', string | null>>;
  readonly other: { readonly key: string; readonly keyId: string };
  /**
   * Everything that a wrong request could have left behind: all tables, and of the two tenants the rows of the registry, how
   * many each of their tables has, and the keys.
   */
  census(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * A store with something to get wrong: two views of `user` that both have `age`, one of `merchant`, a service and a row;
 * and another tenant with things of its own.
 */
export async function openWrongStore(): Promise<WrongStore> {
  const store = await createFeatureStore({ settings: { PLATFORM_API_KEY: platformKey } });
  const other = await store.createTenant();
  for (const [path, body] of ownDefinitions) mustSucceed(await store.post(path, body));
  for (const [path, body] of otherDefinitions) mustSucceed(await store.post(path, body, { key: other.key }));
  const write = mustSucceed(await store.post('/api/v1/api-keys', { scopes: ['write'] }));
  const read = mustSucceed(await store.post('/api/v1/api-keys', { scopes: ['read'] }));
  const listed = mustSucceed(await store.get('/api/v1/api-keys', { key: other.key }));
  return {
    store,
    keys: { admin: store.tenant.key, write: write.json.key, read: read.json.key, platform: platformKey, none: null },
    other: { key: other.key, keyId: listed.json.api_keys[0].key_id },
    census: () => takeCensus(store, [store.tenant, other]),
    close: () => store.close(),
  };
}

const ownDefinitions: readonly (readonly [string, unknown])[] = [
  [
    '/api/v1/feature-views',
    {
      name: 'user_profile',
      entity_type: 'user',
      features: [
        { name: 'age', dtype: 'int64' },
        { name: 'country', dtype: 'string' },
        { name: 'score', dtype: 'float64' },
        { name: 'ratio', dtype: 'float32' },
        { name: 'count', dtype: 'int32' },
        { name: 'is_active', dtype: 'bool' },
        { name: 'seen_at', dtype: 'timestamp' },
        { name: 'note', dtype: 'json' },
        { name: 'picture', dtype: 'bytes' },
        { name: 'embedding', dtype: 'float64[]' },
        { name: 'words', dtype: 'string[]' },
      ],
    },
  ],
  [
    '/api/v1/feature-views',
    { name: 'user_activity', entity_type: 'user', features: [{ name: 'age', dtype: 'int64' }] },
  ],
  [
    '/api/v1/feature-views',
    { name: 'merchant_risk', entity_type: 'merchant', features: [{ name: 'chargebacks', dtype: 'float64' }] },
  ],
  ['/api/v1/stream-sources', clicks()],
  ['/api/v1/feature-views', clickView()],
  ['/api/v1/feature-services', { name: 'churn_model', features: ['user_profile:age', 'country'] }],
  [
    '/api/v1/features/ingest',
    {
      view: 'user_profile',
      rows: [{ entity_id: 'u1', event_time: new Date().toISOString(), values: { age: 30, country: 'DE' } }],
    },
  ],
];

const otherDefinitions: readonly (readonly [string, unknown])[] = [
  [
    '/api/v1/feature-views',
    { name: 'other_view', entity_type: 'user', features: [{ name: 'other_feature', dtype: 'int64' }] },
  ],
  ['/api/v1/stream-sources', { name: 'other_source', schema: { at: 'timestamp' }, event_time: 'at' }],
  ['/api/v1/feature-services', { name: 'other_service', features: ['other_feature'] }],
];

function mustSucceed(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`setting up failed: ${answer.status} ${answer.text}`);
  return answer;
}

async function takeCensus({ databases, get }: TestFeatureStore, tenants: readonly TestTenant[]): Promise<unknown> {
  const tables = await databases.admin.rows<{ schema: string; name: string }>({
    name: 'list_tables',
    text: `SELECT schemaname AS schema, tablename AS name FROM pg_tables
           WHERE schemaname = 'registry' OR schemaname LIKE 't\\_%' ORDER BY 1, 2`,
  });
  const tenantIds = tenants.map(({ ctx }) => ctx.tenantId);
  const contents: Record<string, unknown> = {};
  for (const { schema, name } of tables.filter(({ schema }) => ['registry', ...tenantIds].includes(schema))) {
    const [row] = await databases.admin.rows(
      schema === 'registry'
        ? {
            name: 'read_table',
            text: `SELECT jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text) AS content FROM registry."${name}" t
                   WHERE tenant_id = ANY ($1::text[])`,
            values: [tenantIds],
          }
        : { name: 'count_rows', text: `SELECT to_jsonb(count(*)) AS content FROM "${schema}"."${name}"` },
    );
    contents[`${schema}.${name}`] = row;
  }
  const keyLists = await Promise.all(tenants.map(({ key }) => get('/api/v1/api-keys', { key })));
  return { tables, contents, keys: keyLists.map(({ json }) => json) };
}
