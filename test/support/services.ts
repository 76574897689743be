import { startDynalite } from './dynalite.ts';
import { startRedis } from './redis.ts';
import { startRedisCluster } from './redis-cluster.ts';

export interface Services {
  redisUrl: string;
  /** `redis-cluster://host:port,host:port,host:port` */
  redisClusterUrl: string;
  dynamodbEndpoint: string;
  stop(): Promise<void>;
}

/** Starts what the integration tests share beside Postgres: every test file makes tenants, key prefixes or tables of its own in it. */
export async function startServices(): Promise<Services> {
  const started = await Promise.allSettled([startRedis(), startRedisCluster(), startDynalite()]);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => (service.status === 'fulfilled' ? service.value.stop() : undefined)));
  };
  const [redis, redisCluster, dynalite] = started;
  for (const service of started) {
    if (service.status === 'fulfilled') continue;
    await stop();
    throw service.reason;
  }
  return {
    redisUrl: urlOf(redis),
    redisClusterUrl: urlOf(redisCluster),
    dynamodbEndpoint: urlOf(dynalite),
    stop,
  };
}

function urlOf(service: PromiseSettledResult<{ url: string }>): string {
  if (service.status === 'rejected') throw service.reason;
  return service.value.url;
}
