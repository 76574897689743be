/** What a server counted since it started. */
export interface CacheCounts {
  /** Rows of views that reads found in the cache. */
  readonly hits: number;
  readonly misses: number;
  /** Queries that misses made. */
  readonly queries: number;
  /** Entities that requests dropped from the cache. */
  readonly drops: number;
}

/** From `/metrics`, which needs no key; undefined where nothing serves it, as in AWS behind the gateway. */
export async function readCacheCounts(url: string): Promise<CacheCounts | undefined> {
  const response = await fetch(`${url}/metrics`).catch(() => undefined);
  const lines = (await response?.text())?.split('\n') ?? [];
  const count = (series: string): number | undefined => {
    const start = `feature_store_${series} `;
    const line = lines.find((some) => some.startsWith(start));
    return line === undefined ? undefined : Number(line.slice(start.length));
  };
  const hits = count('cache_hits_total');
  const misses = count('cache_misses_total');
  if (hits === undefined || misses === undefined) return undefined;
  // These have labels, and are there from the first time on.
  const queries = count('db_query_duration_seconds_count{statement="read_latest"}') ?? 0;
  const drops = count('api_requests_total{route="invalidateCache",status="200"}') ?? 0;
  return { hits, misses, queries, drops };
}

/** Of the reads in between; undefined where they are not known, or there were none. */
export function hitRate(before: CacheCounts | undefined, after: CacheCounts | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const hits = after.hits - before.hits;
  const all = hits + after.misses - before.misses;
  // A server that was started again in between counts from zero.
  return hits >= 0 && all > 0 ? hits / all : undefined;
}
