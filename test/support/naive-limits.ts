import type { LimitBucket } from '../../shared/cache/take-from-buckets.ts';

/**
 * The obvious form of the same rule: each bucket is a vessel that every request taken fills by one interval and that runs out with
 * time, counted anew from all requests that were taken. One that would overflow any vessel is refused.
 */
export function takenNaively(buckets: readonly LimitBucket[], requestMicros: readonly number[]): boolean[] {
  const taken: number[] = [];
  return requestMicros.map((nowMicros) => {
    const fits = buckets.every(({ intervalMicros, burst }) => {
      let level = 0;
      let before = 0;
      for (const atMicros of taken) {
        level = Math.max(0, level - (atMicros - before)) + intervalMicros;
        before = atMicros;
      }
      return Math.max(0, level - (nowMicros - before)) + intervalMicros <= burst * intervalMicros;
    });
    if (fits) taken.push(nowMicros);
    return fits;
  });
}
