import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKinesisHandler } from '../../../functions/stream/handle-kinesis.ts';
import type { Database } from '../../../shared/platform/database.ts';
import { type Migration, migrate, readMigrations } from '../../../shared/platform/migrate.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { clickOf, clicks, composeDelivery, kinesisRecord } from '../delivery/delivery-setup.ts';

const folder = new URL('../../../shared/migrations/', import.meta.url).pathname;

let store: TestFeatureStore;
let admin: Database;
beforeEach(async () => {
  store = await createFeatureStore();
  admin = store.databases.admin;
});
afterEach(() => store.close());

/** Every column, index, constraint and function of ours, as one text. */
async function schemaOf(database: Database): Promise<string> {
  const rows = await database.rows<{ what: string }>({
    name: 'schema',
    text: `
      SELECT format('column %s.%s %s %s %s', table_schema, table_name, column_name, data_type, column_default) AS what
      FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
      UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
      UNION ALL SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid <> 0
      UNION ALL SELECT format('function %s %s', oid::regprocedure, md5(prosrc)) FROM pg_proc
        WHERE pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg_%' OR nspname = 'information_schema')
      UNION ALL SELECT format('done %s', name) FROM migrations.done
      ORDER BY 1`,
  });
  return rows.map(({ what }) => what).join('\n');
}

async function migrateWith(added: readonly Migration[]): Promise<string[]> {
  return migrate(admin, [...(await readMigrations(folder)), ...added]);
}

const whole: Migration = { name: '9001_whole', sql: 'CREATE TABLE feature_store.whole (id bigint PRIMARY KEY)' };
const broken: Migration = {
  name: '9002_broken',
  sql: `
    ALTER TABLE feature_store.whole ADD COLUMN note text;
    CREATE INDEX ON feature_store.whole (note);
    INSERT INTO feature_store.whole VALUES (1, 'half');
    ALTER TABLE feature_store.no_such_table ADD COLUMN note text;`,
};
const after: Migration = { name: '9003_after', sql: 'CREATE TABLE feature_store.after (id bigint)' };

test('a migration that fails half-way leaves the database as it was, and none after it runs', async () => {
  expect(await migrateWith([whole])).toEqual(['9001_whole']);
  const before = await schemaOf(admin);
  await expect(migrateWith([whole, broken, after])).rejects.toThrow(/no_such_table/);
  expect(await schemaOf(admin)).toBe(before);
  expect(await admin.rows({ name: 'rows', text: 'SELECT * FROM feature_store.whole' })).toEqual([]);
});

test('mended, it runs with those after it, and each once', async () => {
  await expect(migrateWith([whole, broken])).rejects.toThrow(/no_such_table/);
  const mended = { ...broken, sql: 'ALTER TABLE feature_store.whole ADD COLUMN note text' };
  expect(await migrateWith([whole, mended, after])).toEqual(['9002_broken', '9003_after']);
  expect(await migrateWith([whole, mended, after])).toEqual([]);
});

/** What an expanding migration may do while the version before it serves: columns that may be left out, indexes, tables. */
const expanding: Migration = {
  name: '9001_expanding',
  sql: `
    DO $$
    DECLARE
      expanded regclass;
    BEGIN
      FOR expanded IN
        SELECT oid FROM pg_class
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace::regnamespace::text ~ '^(registry|feature_store|t_.*)$'
      LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN of_a_later_version text, ADD COLUMN of_a_later_count bigint DEFAULT 0', expanded);
      END LOOP;
    END $$;
    CREATE TABLE feature_store.of_a_later_version (id bigint PRIMARY KEY);`,
};

test('this version goes on reading and writing every table that a later one has expanded', async () => {
  const profile = {
    name: 'profile',
    entity_type: 'user',
    features: [{ name: 'age', dtype: 'int64' }],
  };
  const view = {
    ...{ name: 'clicking', entity_type: 'user', source: 'clicks', entity_key: 'user_id' },
    aggregations: [{ name: 'clicks_1h', function: 'count', window: '1h' }],
  };
  const { tenantName } = store.tenant.ctx;
  const bindings = [{ stream: tenantName, tenant: tenantName, source: 'clicks' }];
  const handler = createKinesisHandler(composeDelivery(store, bindings).deliver);
  const now = new Date().toISOString();
  const work = async (entity_id: string, suffix: string): Promise<void> => {
    const statuses = [
      await store.post('/api/v1/stream-sources', { ...clicks, name: `clicks${suffix}` }),
      await store.post('/api/v1/feature-views', { ...profile, name: `profile${suffix}` }),
      await store.post('/api/v1/feature-views', { ...view, name: `clicking${suffix}`, source: `clicks${suffix}` }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([201, 201, 201]);
    const rows = [{ entity_id, event_time: now, values: { age: 41 } }];
    expect((await store.post('/api/v1/features/ingest', { view: 'profile', rows })).json.accepted).toBe(1);
    const records = [kinesisRecord(tenantName, clickOf({ user_id: entity_id }))];
    expect(await handler({ Records: records })).toEqual({ batchItemFailures: [] });
    const names = ['profile:age', 'clicking:clicks_1h'];
    const read = async () => (await store.post('/api/v1/features/online', { entity_id, feature_names: names })).json;
    expect((await read()).features).toEqual({ 'profile:age': 41, 'clicking:clicks_1h': 1 });
    await store.request('DELETE', `/api/v1/cache/invalidate/${entity_id}?entity_type=user`);
    expect((await read()).features).toEqual({ 'profile:age': 41, 'clicking:clicks_1h': 1 });
    const batch = { entity_ids: [entity_id], feature_names: ['profile:age'], timestamp: new Date().toISOString() };
    expect((await store.post('/api/v1/features/batch', batch)).json.rows[0].features).toEqual({ 'profile:age': 41 });
  };
  await work('u1', '');
  expect(await migrateWith([expanding])).toEqual(['9001_expanding']);
  await work('u2', '_2');
});
