import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createFeatureStore, type TestFeatureStore, type TestTenant } from '../../support/feature-store.ts';
import { start } from '../semantics/semantics-setup.ts';
import { comparableState, createForwardClock, day, maintainNow, stateOf, view, writeHistory } from './storage-setup.ts';

let store: TestFeatureStore;
const clock = createForwardClock();
let tenant: TestTenant;
beforeAll(async () => {
  store = await createFeatureStore({ clock });
});
afterAll(() => store.close());
beforeEach(async () => {
  tenant = await writeHistory(store, clock);
});

test('Maintenance run twice at once ends where one run ends, and so does a third', async () => {
  const once = await writeHistory(store, clock);
  await maintainNow({ store, clock }, { tenant: once });
  const expected = await comparableState(store, once);
  const reports = await Promise.all([1, 2, 3].map(() => maintainNow({ store, clock }, { tenant })));
  expect(await comparableState(store, tenant)).toEqual(expected);
  // Each partition was dropped by one of them.
  const [alone] = await Promise.all([maintainNow({ store, clock }, { tenant })]);
  expect(alone).toMatchObject({ dropped: 0, partitionsMade: 0 });
  expect(reports.map(({ dropped }) => dropped).reduce((a, b) => a + b)).toBeGreaterThan(0);
  expect(reports.map(({ partitionsMade }) => partitionsMade).reduce((a, b) => a + b)).toBeGreaterThan(0);
});

test('A row under way into a partition that is to be dropped is not lost', async () => {
  const { tenantId } = tenant.ctx;
  const old = new Date((start + 5 * day) / 1000).toISOString();
  let isPostponed = false;
  await store.databases.writer.transaction(async (writing) => {
    await writing.rows({
      name: 'insert',
      text: `INSERT INTO ${tenantId}.${view}_v1 (entity_id, event_time, created_at, revision, a) VALUES ('u', $1, now(), 1, 77)`,
      values: [old],
    });
    const report = await maintainNow({ store, clock }, { tenant });
    isPostponed = report.postponed === 1;
  });
  expect(isPostponed).toBe(true);
  expect((await maintainNow({ store, clock }, { tenant })).dropped).toBeGreaterThan(0);
  const carried = JSON.stringify((await stateOf({ store }, view, tenant)).carried);
  expect(carried).toContain('"v"');
  const { rows } = await stateOf({ store }, view, tenant);
  expect(rows.some((row) => JSON.stringify(row).includes(old.slice(0, 10)))).toBe(false);
});

test('A row written into a partition that has been dropped makes it anew, and the next run drops it again', async () => {
  await maintainNow({ store, clock }, { tenant });
  // As of a writer whose clock is behind: its view still keeps the row.
  clock.set(start + 20 * day);
  const body = { view, rows: [{ entity_id: 'x', event_time: (start + 10 * day) / 1000, values: { a: 1 } }] };
  expect((await store.post('/api/v1/features/ingest', body, { key: tenant.key })).json.accepted).toBe(1);
  clock.set(start + 190 * day);
  expect(await maintainNow({ store, clock }, { tenant })).toMatchObject({ dropped: 1, carried: 1 });
  const asked = { entity_ids: ['x'], feature_names: [`${view}:a`], timestamp: (start + 150 * day) / 1000 };
  const { json } = await store.post('/api/v1/features/batch', asked, { key: tenant.key });
  expect(json.rows[0].features[`${view}:a`]).toBe(1);
});
