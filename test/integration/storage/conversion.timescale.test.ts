import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRegistry } from '../../../shared/registry/index.ts';
import { createStatistics, dropStatistics } from '../../../shared/statistics/index.ts';
import { createViewTable, maintenanceStep, type Timescale } from '../../../shared/values/index.ts';
import { createFeatureStore, type TestFeatureStore, type TestTenant } from '../../support/feature-store.ts';
import { hour, start } from '../semantics/semantics-setup.ts';
import { comparableState, createForwardClock, day, Ended, endingAt, maintainNow, stateOf } from './storage-setup.ts';

let store: TestFeatureStore;
const clock = createForwardClock();
beforeAll(async () => {
  store = await createFeatureStore({ clock });
});
afterAll(() => store.close());

const view = 'converted';
const plain: Timescale = { hypertables: false, community: false };
const features = [
  { name: 'a', dtype: 'int64' },
  { name: 's', dtype: 'string' },
];

const post = async (tenant: TestTenant, path: string, body: unknown): Promise<void> => {
  const { status, text } = await store.post(path, body, { key: tenant.key });
  expect(status, text).toBeLessThan(300);
};

const register = (tenant: TestTenant, more: readonly unknown[] = []): Promise<void> =>
  post(tenant, '/api/v1/feature-views', {
    name: view,
    entity_type: 'user',
    retention_days: 0,
    features: [...features, ...more],
  });

const write = (tenant: TestTenant, entity_id: string, micros: number, values: object): Promise<void> =>
  post(tenant, '/api/v1/features/ingest', { view, rows: [{ entity_id, event_time: micros / 1000, values }] });

/** A tenant with the table as it is on a Postgres that has no TimescaleDB yet. */
async function nativeTenant(): Promise<TestTenant> {
  const tenant = await store.createTenant();
  clock.set(start);
  await register(tenant);
  const [registered] = (await readRegistry(store.databases.owner, tenant.ctx)).views;
  const version = registered?.versions[0];
  if (version === undefined) throw new Error('not registered');
  await maintenanceStep(store.databases.owner, tenant.ctx, version.table, async (transaction) => {
    await dropStatistics(transaction, tenant.ctx, version.table);
    await transaction.script(`DROP TABLE ${tenant.ctx.tenantId}.${version.table}`);
    await createViewTable(transaction, tenant.ctx, version, plain);
    await createStatistics(transaction, tenant.ctx, version.table, version.features, plain);
  });
  for (let month = 0; month < 4; month++) {
    clock.set(start + month * 30 * day);
    await write(tenant, 'u', start + month * 30 * day, { a: month, s: 'x' });
    await write(tenant, 'v', start + month * 20 * day, { a: -month, s: null });
  }
  return tenant;
}

const kindOf = async (tenant: TestTenant): Promise<string | undefined> =>
  (await stateOf({ store }, view, tenant)).relations.find(({ name }) => name.startsWith(`${view}_v1 `))?.name;

const asOf = async (tenant: TestTenant, entity: string, micros: number): Promise<unknown> => {
  const body = { entity_ids: [entity], feature_names: [`${view}:a`], timestamp: micros / 1000 };
  return (await store.post('/api/v1/features/batch', body, { key: tenant.key })).json.rows[0].features[`${view}:a`];
};

test('A table of native partitions becomes one of chunks with the same rows, answers and statistics', async () => {
  const tenant = await nativeTenant();
  const before = await stateOf({ store }, view, tenant);
  expect(await kindOf(tenant)).toBe(`${view}_v1 p`);
  expect((await maintainNow({ store, clock }, { tenant })).converted).toBe(1);
  const after = await stateOf({ store }, view, tenant);
  expect(await kindOf(tenant)).toBe(`${view}_v1 r`);
  expect(after.rows).toEqual(before.rows);
  expect(after.latest).toEqual(before.latest);
  expect(after.chunks.length).toBeGreaterThan(3);
  expect(after.relations.filter(({ name }) => name.includes('_p2026') || name.includes('_copy'))).toEqual([]);
  expect(after.statistics[0]?.length).toBeGreaterThan(5);
  expect(await asOf(tenant, 'u', start + 30 * day)).toBe(1);
  await write(tenant, 'u', start + 45 * day, { a: 45 });
  expect(await asOf(tenant, 'u', start + 46 * day)).toBe(45);
  expect((await maintainNow({ store, clock }, { tenant })).converted).toBe(0);
});

test('A conversion that is ended anywhere, with rows and a feature that come meanwhile, loses nothing', {
  timeout: 240_000,
}, async () => {
  const whole = await nativeTenant();
  const counted = endingAt(store.databases.owner, Number.POSITIVE_INFINITY);
  await maintainNow({ store, clock }, { database: counted.database, tenant: whole });
  await register(whole, [{ name: 'b', dtype: 'bool' }]);
  await write(whole, 'u', start + hour, { a: 100 });
  await write(whole, 'w', start, { a: 101, b: true });
  await maintainNow({ store, clock }, { tenant: whole });
  const expected = await comparableState(store, whole, view);

  // Each takes seconds here: every ninth, beginning anywhere.
  for (let statement = 1 + Math.floor(Math.random() * 9); statement <= counted.count(); statement += 9) {
    const tenant = await nativeTenant();
    const { database } = endingAt(store.databases.owner, statement);
    await expect(maintainNow({ store, clock }, { database, tenant }), `statement ${statement}`).rejects.toThrow(Ended);
    await register(tenant, [{ name: 'b', dtype: 'bool' }]);
    await write(tenant, 'u', start + hour, { a: 100 });
    await write(tenant, 'w', start, { a: 101, b: true });
    await maintainNow({ store, clock }, { tenant });
    expect(await comparableState(store, tenant, view), `ended at statement ${statement}`).toEqual(expected);
  }
});
