import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { createRespCache, guardCache } from '../../../shared/cache/index.ts';
import { ingestLimits } from '../../../shared/contract/limits.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';

describe('a request of 4 MiB', () => {
  let store: TestFeatureStore;
  beforeAll(async () => {
    // The time-out of a server, which is for a call and not for a request of any size.
    const cache = guardCache(
      createRespCache({ url: inject('redisUrl'), ttlSeconds: 3600, generation: 1, timeoutMillis: 100 }),
    );
    store = await createFeatureStore({ replace: { cache } });
    await store.post('/api/v1/feature-views', {
      name: 'clicks',
      entity_type: 'user',
      features: [{ name: 'count', dtype: 'int64' }],
    });
  });
  afterAll(() => store.close());

  test('writes all of its rows in one statement and projects them all', async () => {
    const event_time = Date.now() - 1000;
    const rows = Array.from({ length: 45_000 }, (_, index) => ({
      entity_id: index,
      event_time,
      values: { count: index },
    }));
    const rawBody = JSON.stringify({ view: 'clicks', rows });
    expect(rawBody.length).toBeGreaterThan(0.7 * ingestLimits.bytes);
    expect(rawBody.length).toBeLessThan(ingestLimits.bytes);

    const ingested = await store.request('POST', '/api/v1/features/ingest', { rawBody });
    expect(ingested.json).toEqual({ accepted: 45_000, rejected: [] });

    const keys = [0, 22_222, 44_999].map((id) => ({
      tenantId: store.tenant.ctx.tenantId,
      entityType: 'user',
      entityId: `${id}`,
      fields: ['clicks_v1'],
    }));
    const cached = await store.cache.read(keys, []);
    expect(cached.reads.flat().map((row) => row?.split(',').at(-1))).toEqual(['0]', '22222]', '44999]']);
    await vi.waitFor(async () => {
      const pending = await store.databases.admin.rows({
        name: 'pending',
        text: 'SELECT id::text FROM feature_store.pending_projections WHERE tenant_id = $1',
        values: [store.tenant.ctx.tenantId],
      });
      expect(pending).toEqual([]);
    });
  });
});
