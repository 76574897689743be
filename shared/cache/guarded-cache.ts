import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import { UnavailableError } from '../platform/unavailable.ts';
import type { OnlineCache } from './online-cache.ts';

export interface GuardOptions {
  /** Failures in a row, of calls at the same time too, after which nothing is asked any more. Default 5. */
  readonly failuresToOpen?: number;
  /** After which it is tried again. Default 250. */
  readonly retryAfterMillis?: number;
  /** Hears when the cache is given up (true) and when it is used again (false). */
  readonly onChange?: (isOpen: boolean) => void;
}

/**
 * A circuit breaker round a cache, so that a dead or frozen one costs a request nothing: while it is open, calls reject at
 * once with an UnavailableError.
 *
 * What is tried after 250 ms is a ping, which the request that sets it off does not wait for. Were it the request itself,
 * a process with one request at a time, as on Lambda, would wait for the time-out of a frozen cache in every few of them.
 */
export function guardCache(cache: OnlineCache, options: GuardOptions = {}): OnlineCache {
  const { failuresToOpen = 5, retryAfterMillis = 250, onChange } = options;
  const breaker = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(failuresToOpen),
    halfOpenAfter: retryAfterMillis,
  });
  let isOpen = false;
  breaker.onStateChange((state) => {
    // Half open, it is still not used.
    if (state === CircuitState.HalfOpen || isOpen === (state === CircuitState.Open)) return;
    isOpen = !isOpen;
    onChange?.(isOpen);
  });

  function guarded<T>(work: () => Promise<T>): Promise<T> {
    if (breaker.state === CircuitState.Closed) return breaker.execute(work);
    // Rejects at once while it is not yet time. When half open, the ping is on its way.
    if (breaker.state === CircuitState.Open) breaker.execute(() => cache.ping()).catch(() => {});
    return Promise.reject(new UnavailableError('cache', new Error('The cache failed repeatedly and is left alone')));
  }

  return {
    read: (reads, along) => guarded(() => cache.read(reads, along)),
    writeNewest: (entries) => guarded(() => cache.writeNewest(entries)),
    invalidate: (tenantId, entityType, entityId) => guarded(() => cache.invalidate(tenantId, entityType, entityId)),
    publishEpoch: (tenantId, epoch) => guarded(() => cache.publishEpoch(tenantId, epoch)),
    ping: () => cache.ping(),
    close: () => cache.close(),
  };
}
