import { Redis } from 'ioredis';
import { hitRate, readCacheCounts } from './cache-counts.ts';
import { type LoadOptions, type LoadResult, median, runLoad } from './load.ts';
import type { Figures } from './report.ts';

export interface MissOptions {
  readonly url: string;
  readonly headers: LoadOptions['headers'];
  readonly redisUrl: string;
  /** The request's body for an entity. */
  readonly bodyOf: (entityId: string) => string;
  /** One that is cached. */
  readonly anyCached: () => string;
  /** Entities `cold_0` and on that Postgres has. */
  readonly coldEntities: number;
  /** What the cache calls them, without the entity id. */
  readonly keyPrefix: string;
  readonly seconds: number;
  readonly rounds: number;
}

const missesOfHundred = 15;

/**
 * Reads of which 15 of a hundred miss, against the same without a miss, in turns. Each miss is the first read of its entity since
 * the turn began: before it, the entities that the turn before has read are dropped from the cache.
 */
export async function measureMisses(options: MissOptions): Promise<Figures> {
  const { url, headers, redisUrl, bodyOf, anyCached, coldEntities, keyPrefix, seconds, rounds } = options;
  const redis = new Redis(redisUrl);
  let cold = 0;
  let turn = 0;
  const hit = (): string => bodyOf(anyCached());
  const mixed = (): string => {
    turn++;
    if ((turn * missesOfHundred) % 100 >= missesOfHundred) return hit();
    if (cold === coldEntities) throw new Error(`a turn read more than ${coldEntities} entities for the first time`);
    return bodyOf(`cold_${cold++}`);
  };
  const load = { url, headers, path: '/api/v1/features/online', connections: 32 };
  const results: Record<'hits' | 'misses', LoadResult[]> = { hits: [], misses: [] };
  const shares: number[] = [];
  try {
    await dropAll(redis, keyPrefix, coldEntities);
    await runLoad({ ...load, bodies: mixed, seconds: 2 });
    for (let round = 0; round < rounds; round++) {
      await dropAll(redis, keyPrefix, cold);
      cold = 0;
      results.hits.push(await runLoad({ ...load, bodies: hit, seconds }));
      const before = await readCacheCounts(url);
      results.misses.push(await runLoad({ ...load, bodies: mixed, seconds }));
      shares.push(1 - (hitRate(before, await readCacheCounts(url)) ?? Number.NaN));
    }
  } finally {
    redis.disconnect();
  }
  const of = (which: keyof typeof results, figure: keyof LoadResult): number =>
    median(results[which].map((result) => result[figure]));
  return {
    rps: of('misses', 'rps'),
    p50_ms: of('misses', 'p50Millis'),
    p99_ms: of('misses', 'p99Millis'),
    miss_share: median(shares),
    hits_rps: of('hits', 'rps'),
    ratio_to_hits: of('misses', 'rps') / of('hits', 'rps'),
  };
}

async function dropAll(redis: Redis, keyPrefix: string, entities: number): Promise<void> {
  const keys = Array.from({ length: entities }, (_, index) => `${keyPrefix}cold_${index}}`);
  for (let start = 0; start < keys.length; start += 1000) await redis.unlink(...keys.slice(start, start + 1000));
}
