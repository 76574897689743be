import { randomBytes } from 'node:crypto';
import { inject, onTestFinished } from 'vitest';
import {
  type CacheOptions,
  createMemoryCache,
  createRespCache,
  createUpstashCache,
  guardCache,
  holdReads,
  type OnlineCache,
} from '../../../shared/cache/index.ts';
import { createSystemClock } from '../../../shared/platform/clock.ts';

type OpenCache = (options: CacheOptions) => OnlineCache;

export const generation = 1;

// Longer than in production: not the time-out is tested here, and the machine may be busy.
export const timeoutMillis = 5000;

export const DRIVERS: Record<string, OpenCache> = {
  'in memory': (options) => createMemoryCache({ clock: createSystemClock(), ...options }),
  'on one server': (options) => createRespCache({ url: inject('redisUrl'), timeoutMillis, ...options }),
  'on one server over three connections': (options) =>
    createRespCache({ url: inject('redisUrl'), timeoutMillis, maxConnections: 3, ...options }),
  'over Upstash’s REST interface': (options) => createUpstashCache({ ...inject('upstash'), timeoutMillis, ...options }),
  'on a cluster': (options) => createRespCache({ url: inject('redisClusterUrl'), timeoutMillis, ...options }),
  'on a cluster, behind the breaker': (options) =>
    guardCache(createRespCache({ url: inject('redisClusterUrl'), timeoutMillis, ...options })),
  'on one server, with all reads held for 200 ms': (options) =>
    holdingAll(createRespCache({ url: inject('redisUrl'), timeoutMillis, ...options })),
};

/** In earnest a read says itself that it may be held. */
function holdingAll(cache: OnlineCache): OnlineCache {
  const holding = holdReads(cache, { holdMillis: 200 });
  const read: OnlineCache['read'] = (reads, along) =>
    holding.read(
      reads.map((each) => ({ ...each, mayBeHeld: true })),
      along,
    );
  return { ...holding, read };
}

export function newTenant(): string {
  return `t_${randomBytes(6).toString('hex')}`;
}

export function rowOf(event: number, created: number, value: unknown = null): string {
  return JSON.stringify([event, created, 1, value]);
}

/** Open until the test is over. */
export function openForTest(open: OpenCache, options: CacheOptions): OnlineCache {
  const cache = open(options);
  onTestFinished(() => cache.close());
  return cache;
}

export async function readOne(
  cache: OnlineCache,
  tenantId: string,
  entityId: string,
  field: string,
): Promise<string | null | undefined> {
  const answer = await cache.read([{ tenantId, entityType: 'user', entityId, fields: [field] }], []);
  return answer.reads[0]?.[0];
}
