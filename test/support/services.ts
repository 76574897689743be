import { startDynalite } from './dynalite.ts';
import { startRedis } from './redis.ts';
import { startRedisCluster } from './redis-cluster.ts';
import { startUpstash } from './upstash.ts';

export interface Services {
  redisUrl: string;
  /** `redis-cluster://host:port,host:port,host:port` */
  redisClusterUrl: string;
  /** Over the single Redis. */
  upstash: { url: string; token: string };
  dynamodbEndpoint: string;
  stop(): Promise<void>;
}

/** Starts what the integration tests share beside Postgres: every test file makes tenants, key prefixes or tables of its own in it. */
export async function startServices(): Promise<Services> {
  const startedRedis = startRedis();
  const started = await Promise.allSettled([
    startedRedis,
    startRedisCluster(),
    startDynalite(),
    startedRedis.then(({ url }) => startUpstash(url)),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => (service.status === 'fulfilled' ? service.value.stop() : undefined)));
  };
  const [redis, redisCluster, dynalite, upstash] = started;
  for (const service of started) {
    if (service.status === 'fulfilled') continue;
    await stop();
    throw service.reason;
  }
  return {
    redisUrl: startedOf(redis).url,
    redisClusterUrl: startedOf(redisCluster).url,
    upstash: { url: startedOf(upstash).url, token: startedOf(upstash).token },
    dynamodbEndpoint: startedOf(dynalite).url,
    stop,
  };
}

function startedOf<T>(service: PromiseSettledResult<T>): T {
  if (service.status === 'rejected') throw service.reason;
  return service.value;
}
