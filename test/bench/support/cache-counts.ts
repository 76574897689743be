/** Rows of views that a server's reads found in its cache, and did not find, since it started. */
export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
}

/** From `/metrics`, which needs no key; undefined where nothing serves it, as in AWS behind the gateway. */
export async function readCacheCounts(url: string): Promise<CacheCounts | undefined> {
  const response = await fetch(`${url}/metrics`).catch(() => undefined);
  if (response === undefined) return undefined;
  const text = await response.text();
  const of = (name: string): number =>
    Number(text.match(new RegExp(`^feature_store_cache_${name}_total (\\d+)`, 'm'))?.[1]);
  const counts = { hits: of('hits'), misses: of('misses') };
  return response.ok && Number.isFinite(counts.hits) && Number.isFinite(counts.misses) ? counts : undefined;
}

/** Of the reads in between; undefined where they are not known, or there were none. */
export function hitRate(before: CacheCounts | undefined, after: CacheCounts | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const hits = after.hits - before.hits;
  const all = hits + after.misses - before.misses;
  // A server that was started again in between counts from zero.
  return hits >= 0 && all > 0 ? hits / all : undefined;
}
