import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Route } from '../../../shared/contract/route.ts';
import { allRoutes } from '../../../shared/contract/routes.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import {
  countTrips,
  limitedKey,
  limitedTenant,
  openCache,
  readOf,
  slow,
  untilRefused,
  view,
} from './rate-limits-setup.ts';
import { pathOf, validBodies } from './wrong/every-route.ts';

describe('limits', () => {
  let store: TestFeatureStore;
  beforeAll(async () => {
    store = await createFeatureStore();
    await store.post('/api/v1/feature-views', view);
  });
  afterAll(() => store.close());

  const ofTenants = allRoutes.filter(({ access }) => access !== 'none' && access !== 'platform');

  test.each(ofTenants.map((route): [string, Route] => [route.id, route]))(
    '%s tells what is left, and answers 429 when nothing is',
    async (id, route) => {
      const key = await limitedKey(store, slow(1));
      const ask = () => {
        const body = validBodies[id];
        return store.request(route.method.toUpperCase(), pathOf(route), body === undefined ? { key } : { key, body });
      };
      const { taken, refused } = await untilRefused(ask);
      expect(taken[0]?.headers.get('ratelimit')).toBe('"key";r=0;t=1');
      expect(refused.json).toMatchObject({ code: 'rate_limited', limit: 'key' });
      expect(refused.headers.get('retry-after')).toBe('1');
    },
  );

  test('routes without a tenant have no limit', async () => {
    for (const path of ['/health', '/openapi.json', '/metrics']) {
      expect((await store.get(path, { key: null })).headers.get('ratelimit')).toBeNull();
    }
  });

  test('where no limit is set nothing is told and nothing is sent', async () => {
    const { counted, trips } = await countedStore();
    const before = trips();
    const listed = await counted.get('/api/v1/api-keys');
    expect(listed.headers.get('ratelimit')).toBeNull();
    expect(listed.headers.get('ratelimit-policy')).toBeNull();
    expect(trips()).toBe(before);
  });

  test('an online read with limits is one trip to the cache, as without', async () => {
    const { counted, trips } = await countedStore();
    const read = readOf(counted, await limitedKey(counted, slow(50)));
    await read();
    const before = trips();
    expect((await read()).status).toBe(200);
    expect(trips()).toBe(before + 1);
  });

  test('whoever goes on asking at the limit costs the cache nothing', async () => {
    const { counted, trips } = await countedStore();
    const read = readOf(counted, await limitedKey(counted, slow(1)));
    await untilRefused(read);
    const startedAt = performance.now();
    const before = trips();
    for (let more = 0; more < 200; more++) await read();
    // One to hear that it is refused and one that is taken, for each second.
    expect(trips() - before).toBeLessThanOrEqual(2 * (1 + (performance.now() - startedAt) / 1000));
  });

  test('rows that are refused are not written', async () => {
    const key = await limitedKey(store, slow(2));
    const event_time = new Date().toISOString();
    let next = 0;
    const { taken } = await untilRefused(() => {
      const rows = [{ entity_id: `r${next++}`, event_time, values: { country: 'X' } }];
      return store.post('/api/v1/features/ingest', { view: 'user_profile', rows }, { key });
    });
    const entity_ids = Array.from({ length: next }, (_, index) => `r${index}`);
    const read = await store.post('/api/v1/features/online', { entity_ids, feature_names: ['country'] });
    const statuses = read.json.rows.map((row: { statuses: string[] }) => row.statuses[0]);
    expect(statuses).toEqual([...taken.map(() => 'PRESENT'), 'NOT_FOUND']);
  });

  test('events that are refused do not reach the stream', async () => {
    const key = await limitedKey(store, slow(2));
    await store.post('/api/v1/stream-sources', { name: 'visits', schema: { at: 'timestamp' }, event_time: 'at' });
    const events = [{ at: new Date().toISOString() }];
    const { taken } = await untilRefused(() => store.post('/api/v1/events/visits', { events }, { key }));
    // Kinesis is away here.
    expect(taken.map(({ json }) => json.code)).toEqual(taken.map(() => 'unavailable'));
  });

  test('tenants without a limit of their own have that of the deployment', async () => {
    const settings = { DEFAULT_REQUESTS_PER_SECOND: '1', DEFAULT_BURST: '7' };
    const limited = await createFeatureStore({ settings });
    onTestFinished(() => limited.close());
    const first = await limited.get('/api/v1/features');
    expect(first.headers.get('ratelimit-policy')).toBe('"tenant";q=7;w=7');
    const own = await limitedTenant(limited, slow(9));
    const answer = await limited.get('/api/v1/features', { key: own.key });
    expect(answer.headers.get('ratelimit-policy')).toBe('"tenant";q=9;w=9');
  });

  test('refusals are counted by which limit it was', async () => {
    const { counted } = await countedStore();
    const key = await limitedKey(counted, slow(1));
    await untilRefused(() => counted.get('/api/v1/features', { key }));
    const { text } = await counted.get('/metrics', { key: null });
    expect(text).toContain('feature_store_rate_limited_requests_total{limit="key"} 1\n');
    expect(text).toMatch(/feature_store_api_requests_total\{route="listFeatures",status="429"\} 1\n/);
  });
});

/** A store whose trips to the cache are counted. */
async function countedStore() {
  const { cache, trips } = countTrips(openCache());
  const counted = await createFeatureStore({ replace: { cache } });
  onTestFinished(() => counted.close());
  await counted.post('/api/v1/feature-views', view);
  return { counted, trips };
}
