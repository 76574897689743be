import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Send, seed } from '../../functions/local/seed.ts';
import { createFeatureStore, type TestFeatureStore } from '../support/feature-store.ts';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore({ settings: { DEFAULT_RETENTION_DAYS: '7' } });
});
afterAll(() => store.close());

function run(days: number, key: string): Promise<number> {
  const send: Send = (path, body) => store.request(body === undefined ? 'GET' : 'POST', path, { body, key });
  const now = new Date(Date.now() - 1000);
  return seed(send, { users: 3, merchants: 1, days, cacheUsers: 0, now, onProgress: () => {} });
}

describe('the sample data', () => {
  test('is written again without a word to what has been made of its views', async () => {
    const { key } = await store.createTenant();
    await run(2, key);
    const feature = { name: 'loyalty', dtype: 'int64', entity_type: 'user', view: 'user_profile' };
    expect((await store.post('/api/v1/features/register', feature, { key })).status).toBe(201);
    const version = { name: 'user_lifetime_value', dtype: 'string', entity_type: 'user' };
    expect((await store.post('/api/v1/features/register', version, { key })).json.version).toBe(2);

    expect(await run(1, key)).toBe(10);

    const view = (await store.get('/api/v1/feature-views/user_profile', { key })).json;
    expect(view.version).toBe(1);
    expect(view.features.map(({ name }: { name: string }) => name)).toContain('loyalty');
    const asked = { entity_id: 'user_1', feature_names: ['user_age', 'user_lifetime_value@1:user_lifetime_value'] };
    const { metadata } = (await store.post('/api/v1/features/online', asked, { key })).json;
    expect(Object.values(metadata)).toEqual([
      expect.objectContaining({ status: 'PRESENT', version: 1 }),
      expect.objectContaining({ status: 'PRESENT', version: 1 }),
    ]);
  });

  test('of more days than the views keep is written for those that they keep, and only these are counted', async () => {
    const { key } = await store.createTenant();
    expect(await run(1000, key)).toBe(7 * 10);
  });
});
