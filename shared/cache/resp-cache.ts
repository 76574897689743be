import type { CacheOptions, OnlineCache } from './online-cache.ts';
import { createRedisCache } from './redis-cache.ts';
import type { RespClient } from './resp-client.ts';
import { connectCluster } from './resp-cluster.ts';
import { connectSingle } from './resp-single.ts';
import { parseRespUrl } from './resp-url.ts';
import { withinTime } from './within-time.ts';

export interface RespCacheOptions extends CacheOptions {
  /** `redis://host:port`, `rediss://…`, or a cluster: `redis-cluster://host:port,host:port`, `rediss-cluster://…` */
  readonly url: string;
  /** Used in turn; to each node of a cluster. One is best where the cache is near. Default 1. */
  readonly maxConnections?: number;
  /** After which a read, or a write of a thousand entries, fails. Default 250. */
  readonly timeoutMillis?: number;
  /** Hears of every attempt to connect that failed: in an outage two a second for each connection. */
  readonly onConnectionError?: (error: unknown) => void;
}

/**
 * Redis or Valkey. Connects in the background and again for ever; while there is no connection every call fails at once.
 * Every failure is an UnavailableError.
 */
export function createRespCache(options: RespCacheOptions): OnlineCache {
  const { generation, ttlSeconds, timeoutMillis = 250 } = options;
  const clients = connect(options);
  let turn = 0;

  /** The next client that is connected, else the next one. */
  function nextClient(): RespClient {
    for (let tried = 1; tried < clients.length; tried += 1) {
      turn = (turn + 1) % clients.length;
      const client = clients[turn];
      if (client?.isReady()) return client;
    }
    turn = (turn + 1) % clients.length;
    return clients[turn] ?? clients[0];
  }

  return createRedisCache({
    generation,
    ttlSeconds,
    call: (work) => {
      const client = nextClient();
      const starting = client.starting();
      return withinTime(starting ? starting.then(() => work(client)) : work(client), timeoutMillis);
    },
    close: () => {
      for (const client of clients) client.close();
    },
  });
}

function connect({
  url,
  maxConnections = 1,
  onConnectionError = () => {},
}: RespCacheOptions): [RespClient, ...RespClient[]] {
  const address = parseRespUrl(url);
  const connectOne = (): RespClient =>
    address.kind === 'single'
      ? connectSingle(address.url, onConnectionError)
      : connectCluster(address, onConnectionError);
  return [connectOne(), ...Array.from({ length: maxConnections - 1 }, connectOne)];
}
