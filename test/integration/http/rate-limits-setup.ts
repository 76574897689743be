import { expect, inject } from 'vitest';
import { createRespCache, guardCache, type OnlineCache } from '../../../shared/cache/index.ts';
import type { RateLimit } from '../../../shared/platform/rate-limit.ts';
import { limitTenant } from '../../../shared/tenancy/index.ts';
import type { Answer, TestFeatureStore, TestTenant } from '../../support/feature-store.ts';

/** Of one request a second it takes a second until there is a further one, however slow the machine. */
export const slow = (burst: number): RateLimit => ({ requestsPerSecond: 1, burst });

/** Another tenant of the store, of which this is the limit. */
export async function limitedTenant(store: TestFeatureStore, limit: RateLimit): Promise<TestTenant> {
  const tenant = await store.createTenant();
  await limitTenant(store, tenant.ctx.tenantName, limit);
  return tenant;
}

/** A further key of the store's first tenant, which has no limit. */
export async function limitedKey(store: TestFeatureStore, limit: RateLimit): Promise<string> {
  const { requestsPerSecond: requests_per_second, burst } = limit;
  const body = { scopes: ['admin'], rate_limit: { requests_per_second, burst } };
  const made = await store.post('/api/v1/api-keys', body);
  expect(made.status, made.text).toBe(201);
  return made.json.key;
}

/** Asks again and again. What was answered before the refusal, and the refusal. */
export async function untilRefused(ask: () => Promise<Answer>): Promise<{ taken: Answer[]; refused: Answer }> {
  const taken: Answer[] = [];
  for (;;) {
    const answer = await ask();
    if (answer.status === 429) return { taken, refused: answer };
    taken.push(answer);
  }
}

/** As many as may be at once, and one more for each second that it took. */
export function expectTaken(taken: readonly unknown[], burst: number, startedAt: number): void {
  expect(taken.length).toBeGreaterThanOrEqual(burst);
  expect(taken.length).toBeLessThanOrEqual(burst + 1 + (performance.now() - startedAt) / 1000);
}

export const view = { name: 'user_profile', entity_type: 'user', features: [{ name: 'country', dtype: 'string' }] };

export function readOf(store: TestFeatureStore, key: string): () => Promise<Answer> {
  return () => store.post('/api/v1/features/online', { entity_id: 'u1', feature_names: ['country'] }, { key });
}

/** What the store would open itself, for a test that looks at it. */
export function openCache(url = inject('redisUrl')): OnlineCache {
  return guardCache(createRespCache({ url, ttlSeconds: 3600, generation: 1, timeoutMillis: 1000 }));
}

/** Beside the cache how many reads it was asked for by now. */
export function countTrips(cache: OnlineCache): { readonly cache: OnlineCache; readonly trips: () => number } {
  let trips = 0;
  const read: OnlineCache['read'] = (reads, along) => {
    trips++;
    return cache.read(reads, along);
  };
  return { cache: { ...cache, read }, trips: () => trips };
}
