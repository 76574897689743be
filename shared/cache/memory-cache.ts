import type { Clock } from '../platform/clock.ts';
import { newestOf } from './entry.ts';
import { entityKey, epochKey } from './keys.ts';
import { createLocalLimits } from './local-limits.ts';
import type { CacheOptions, OnlineCache } from './online-cache.ts';

export interface MemoryCacheOptions extends CacheOptions {
  readonly clock: Clock;
  /** Beyond which the entity that was written longest ago is forgotten. Default 200,000. */
  readonly maxEntities?: number;
}

interface Expiring<T> {
  readonly value: T;
  readonly expiresMicros: number;
}

/** As in resp-cache.ts: without entities an epoch is still kept for an hour. */
const epochSecondsWithoutCache = 3600;

/** The cache of a single process, which answers as the RESP one does. */
export function createMemoryCache(options: MemoryCacheOptions): OnlineCache {
  const { clock, generation, ttlSeconds, maxEntities = 200_000 } = options;
  // In the order of their last write, so that the first is the one to forget.
  const entities = new Map<string, Expiring<Map<string, string>>>();
  const epochs = new Map<string, Expiring<number>>();
  const takeLocally = createLocalLimits();

  function current<T>(map: Map<string, Expiring<T>>, key: string): T | undefined {
    const found = map.get(key);
    if (found === undefined || found.expiresMicros > clock.nowMicros()) return found?.value;
    map.delete(key);
    return undefined;
  }

  function keep<T>(map: Map<string, Expiring<T>>, key: string, value: T, seconds: number): void {
    map.delete(key);
    map.set(key, { value, expiresMicros: clock.nowMicros() + seconds * 1_000_000 });
  }

  return {
    read: async (reads, along) => ({
      reads: reads.map(({ tenantId, entityType, entityId, fields }) => {
        const entity = current(entities, entityKey(generation, tenantId, entityType, entityId));
        return fields.map((field) => entity?.get(field) ?? null);
      }),
      along: along.map((side) =>
        side.kind === 'limit' ? takeLocally(side) : (current(epochs, epochKey(generation, side.tenantId)) ?? null),
      ),
    }),
    writeNewest: async (entries) => {
      if (ttlSeconds === 0) return;
      for (const { tenantId, entityType, entityId, field, stored } of entries) {
        const key = entityKey(generation, tenantId, entityType, entityId);
        const entity = current(entities, key) ?? new Map<string, string>();
        const newest = newestOf(stored, entity.get(field));
        if (newest !== undefined) entity.set(field, newest);
        keep(entities, key, entity, ttlSeconds);
        if (entities.size > maxEntities) forgetFirst(entities);
      }
    },
    invalidate: async (tenantId, entityType, entityId) => {
      const key = entityKey(generation, tenantId, entityType, entityId);
      return current(entities, key) !== undefined && entities.delete(key);
    },
    publishEpoch: async (tenantId, epoch) => {
      const key = epochKey(generation, tenantId);
      const greatest = Math.max(epoch, current(epochs, key) ?? epoch);
      keep(epochs, key, greatest, ttlSeconds || epochSecondsWithoutCache);
    },
    ping: async () => {},
    close: async () => {
      entities.clear();
      epochs.clear();
    },
  };
}

function forgetFirst(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
