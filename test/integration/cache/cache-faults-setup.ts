import { expect, onTestFinished } from 'vitest';
import { createRespCache, type OnlineCache, type RespCacheOptions } from '../../../shared/cache/index.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';

export const entity = { tenantId: 't_faults', entityType: 'user', entityId: 'one' };
export const entry = { ...entity, field: 'view', stored: '[5,6,1,"a"]' };

/** Of the caches that meet a frozen server. The others have long, for a busy machine: not that is tested there. */
export const timeoutMillis = 250;

export const readView = async (cache: OnlineCache): Promise<string | null | undefined> =>
  (await cache.read([{ ...entity, fields: ['view'] }], [])).reads[0]?.[0];

export const works = async (cache: OnlineCache): Promise<void> => {
  await cache.writeNewest([entry]);
  expect(await readView(cache)).toBe(entry.stored);
};

/** The milliseconds that it takes to fail as it should. */
export async function failureMillis(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const error: unknown = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ dependency: 'cache', cause: expect.any(Error) });
  return performance.now() - start;
}

export function openCache(url: string, options: Partial<RespCacheOptions> = {}): OnlineCache {
  const cache = createRespCache({ url, ttlSeconds: 600, generation: 1, timeoutMillis: 5000, ...options });
  onTestFinished(() => cache.close());
  return cache;
}
