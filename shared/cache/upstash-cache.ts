import type { CacheOptions, OnlineCache } from './online-cache.ts';
import { createRedisCache } from './redis-cache.ts';
import { connectUpstash } from './upstash-client.ts';
import { withinTime } from './within-time.ts';

export interface UpstashCacheOptions extends CacheOptions {
  /** `https://name.upstash.io`, or `http://…` of something that speaks the same on this machine. */
  readonly url: string;
  readonly token: string;
  /** After which a read, or a write of a thousand entries, fails. Default 250. */
  readonly timeoutMillis?: number;
}

/**
 * Redis behind Upstash's REST interface: a read is one HTTP request, however many entities it is for. Connects with the
 * first request and again when it has to. Every failure is an UnavailableError.
 */
export function createUpstashCache(options: UpstashCacheOptions): OnlineCache {
  const { url, token, generation, ttlSeconds, timeoutMillis = 250 } = options;
  const upstash = connectUpstash({ url, token });
  const cache = createRedisCache({
    generation,
    ttlSeconds,
    call: async (work) => {
      const given = new AbortController();
      try {
        return await withinTime(work(upstash.client(given.signal)), timeoutMillis);
      } catch (error) {
        // A request that is waited for no more would keep its connection from others.
        given.abort();
        throw error;
      }
    },
    close: upstash.close,
  });
  // TCP and TLS take two to three round trips, which the first read need not wait for. It finds out itself where this failed.
  cache.ping().catch(() => {});
  return cache;
}
