import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';

describe.each(['redis', 'cluster', 'upstash', 'memory', 'off'] as const)('the main job with cache %s', (cache) => {
  let store: TestFeatureStore;
  beforeAll(async () => {
    store = await createFeatureStore({ cache });
  });
  afterAll(() => store.close());

  test('registers, ingests, reads online and reads as of a past moment', async () => {
    const registered = await store.post('/api/v1/feature-views', {
      name: 'user_profile',
      entity_type: 'user',
      ttl_hours: 48,
      features: [
        { name: 'age', dtype: 'int64' },
        { name: 'lifetime_value', dtype: 'float64', ttl_hours: 24 },
        { name: 'country', dtype: 'string' },
      ],
    });
    expect(registered.status, registered.text).toBe(201);
    const at = (hoursAgo: number) => new Date(Date.now() - hoursAgo * 3_600_000).toISOString();
    const [older, newer] = [at(30), at(1)];
    const ingested = await store.post('/api/v1/features/ingest', {
      view: 'user_profile',
      rows: [
        { entity_id: 'u1', event_time: newer, values: { age: 31, lifetime_value: 12.5, country: 'DE' } },
        { entity_id: 'u1', event_time: older, values: { age: 30, lifetime_value: 10 } },
      ],
    });
    expect(ingested.json).toEqual({ accepted: 2, rejected: [] });

    const online = await store.post('/api/v1/features/online', {
      entity_id: 'u1',
      feature_names: ['age', 'user_profile:country'],
    });
    expect(online.status, online.text).toBe(200);
    expect(online.json.features).toEqual({ age: 31, 'user_profile:country': 'DE' });
    expect(online.json.metadata.age).toMatchObject({ status: 'PRESENT', event_time: newer, version: 1 });

    const batch = await store.post('/api/v1/features/batch', {
      entity_ids: ['u1', 'u2'],
      feature_names: ['age', 'lifetime_value', 'country'],
      timestamp: at(2),
    });
    expect(batch.json.rows).toEqual([
      {
        entity_id: 'u1',
        timestamp: expect.any(String),
        features: { age: 30, lifetime_value: null, country: null },
        statuses: { age: 'PRESENT', lifetime_value: 'OUTSIDE_MAX_AGE', country: 'NULL_VALUE' },
      },
      {
        entity_id: 'u2',
        timestamp: expect.any(String),
        features: { age: null, lifetime_value: null, country: null },
        statuses: { age: 'NOT_FOUND', lifetime_value: 'NOT_FOUND', country: 'NOT_FOUND' },
      },
    ]);
  });
});
