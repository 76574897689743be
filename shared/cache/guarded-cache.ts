import { createBreaker } from '../platform/breaker.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { CacheEntry, OnlineCache } from './online-cache.ts';

export interface GuardOptions {
  /** Failures in a row, of calls at the same time too, after which nothing is asked any more. Default 5. */
  readonly failuresToOpen?: number;
  /** After which it is tried again. Default 250. */
  readonly retryAfterMillis?: number;
  /** Hears when the cache is given up (true) and when it is used again (false). */
  readonly onChange?: (isOpen: boolean) => void;
  /**
   * Of a process that projects: brings the cache, which it is given without the breaker, to all that Postgres has and writes
   * could not bring it. A projection that fails then opens the breaker at once, and nothing is read from a cache that came back
   * before this has passed: what it kept may be older than what this process has answered for.
   */
  readonly catchUp?: (cache: OnlineCache) => Promise<unknown>;
}

/**
 * A circuit breaker round a cache, so that a dead or frozen one costs a request nothing: while it is open, calls reject at
 * once with an UnavailableError. After 250 ms a ping tries it.
 */
export function guardCache(cache: OnlineCache, options: GuardOptions = {}): OnlineCache {
  const { failuresToOpen = 5, retryAfterMillis = 250, onChange, catchUp } = options;
  /** Whether a projection of this process is missing in the cache. */
  let owes = false;
  const underWay = new Set<(error: Error) => void>();

  const tryAgain = async (): Promise<void> => {
    await cache.ping();
    if (catchUp === undefined) return;
    const owed = owes;
    owes = false;
    try {
      await catchUp(cache);
    } catch (error) {
      // Without Postgres nobody knows what is missing. Where it is nothing of ours, the cache is the only one to answer.
      const isPostgresAway = error instanceof UnavailableError && error.dependency === 'postgres';
      if (owed || !isPostgresAway) {
        owes ||= owed;
        throw error;
      }
    }
    if (owes) throw new Error('a projection failed while the cache was being caught up with');
  };

  const breaker = createBreaker({
    dependency: 'cache',
    failuresToOpen,
    retryAfterMillis,
    mustOpen: () => owes,
    probe: tryAgain,
    onChange: (isOpen) => {
      if (isOpen) for (const giveUp of underWay) giveUp(new UnavailableError('cache', new Error('it was given up')));
      onChange?.(isOpen);
    },
  });

  /**
   * Waits no longer when the breaker opens. Until what was read of Postgres is written back others share it; they must not for a
   * time-out longer, since writes are answered at once from then on.
   */
  const fill = (entries: readonly CacheEntry[]): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    underWay.add(reject);
    breaker
      .run(() => cache.writeNewest(entries))
      .finally(() => underWay.delete(reject))
      .then(resolve, reject);
    return promise;
  };

  const project = async (entries: readonly CacheEntry[]): Promise<void> => {
    const work = async (): Promise<void> => {
      try {
        await cache.writeNewest(entries, 'projection');
      } catch (error) {
        // Before the breaker counts the failure.
        owes = true;
        throw error;
      }
    };
    try {
      // While the cache is caught up with, they pass: of those before, Postgres tells.
      await (breaker.isTrying() ? work() : breaker.run(work));
    } catch (error) {
      owes = true;
      breaker.fail(error);
      throw error;
    }
  };

  return {
    read: (reads, along) => breaker.run(() => cache.read(reads, along)),
    writeNewest: (entries, reason) =>
      reason === undefined
        ? fill(entries)
        : catchUp === undefined
          ? breaker.run(() => cache.writeNewest(entries, reason))
          : project(entries),
    invalidate: (tenantId, entityType, entityId) => breaker.run(() => cache.invalidate(tenantId, entityType, entityId)),
    publishEpoch: (tenantId, epoch) => breaker.run(() => cache.publishEpoch(tenantId, epoch)),
    ping: () => cache.ping(),
    close: () => cache.close(),
  };
}
