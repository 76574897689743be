import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { comparableState, createForwardClock, Ended, endingAt, maintainNow, writeHistory } from './storage-setup.ts';

describe('Maintenance that is ended', () => {
  let store: TestFeatureStore;
  const clock = createForwardClock();
  beforeAll(async () => {
    store = await createFeatureStore({ clock });
  });
  afterAll(() => store.close());

  test('at any of its statements, and run again, ends where one run ends', { timeout: 240_000 }, async () => {
    const whole = await writeHistory(store, clock);
    const counted = endingAt(store.databases.owner, Number.POSITIVE_INFINITY);
    const report = await maintainNow({ store, clock }, { database: counted.database, tenant: whole });
    expect(report).toMatchObject({ tables: 1, remaining: 0, postponed: 0, failures: [] });
    expect(report.dropped).toBeGreaterThan(0);
    const expected = await comparableState(store, whole);
    const statements = counted.count();
    expect(statements).toBeGreaterThan(20);

    // Each takes a second, on the embedded lanes some: every third or ninth, beginning anywhere.
    const stride = inject('postgresLane') === 'postgres' ? 3 : 9;
    const first = 1 + Math.floor(Math.random() * stride);
    for (let statement = first; statement <= statements; statement += stride) {
      const tenant = await writeHistory(store, clock);
      const { database } = endingAt(store.databases.owner, statement);
      await expect(maintainNow({ store, clock }, { database, tenant }), `statement ${statement}`).rejects.toThrow(
        Ended,
      );
      await maintainNow({ store, clock }, { tenant });
      expect(await comparableState(store, tenant), `ended at statement ${statement}`).toEqual(expected);
    }
  });
});
