import { startDynalite } from '../../support/dynalite.ts';
import { startPostgres } from '../../support/postgres.ts';
import { startRedis } from '../../support/redis.ts';

/** Real stores for a benchmark; Postgres with fsync and synchronous commit, as it is run in earnest. */
export async function startBenchStores() {
  const [postgres, redis, dynalite] = await Promise.all([
    startPostgres({ durable: true }),
    startRedis(),
    startDynalite(),
  ]);
  return {
    postgres,
    redis,
    env: { POSTGRES_URL: postgres.url, REDIS_URL: redis.url, AWS_ENDPOINT_URL_DYNAMODB: dynalite.url },
    stop: async (): Promise<void> => {
      await Promise.all([postgres.stop(), redis.stop(), dynalite.stop()]);
    },
  };
}

export const benchKey = { 'x-api-key': 'tenant1_key' };

export async function post(url: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { ...benchKey, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}
