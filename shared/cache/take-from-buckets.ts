/** What a limit is counted in: GCRA, so that one time is all that is kept of it. */
export interface LimitBucket {
  /** Whose limit it is: of this key, or of the tenant. */
  readonly keyId: string | undefined;
  /** Microseconds after which one more request is taken. */
  readonly intervalMicros: number;
  /** Requests that are taken at once. */
  readonly burst: number;
}

export interface LimitAnswer {
  /** Place of the bucket that refused, of several the one to wait for longest; undefined where the request was taken. */
  readonly refusedBy: number | undefined;
  /** After which the same request would be taken, if nothing else were. 0 where it was. */
  readonly retryMicros: number;
  readonly buckets: readonly BucketLevel[];
}

export interface BucketLevel {
  /** Requests that would be taken at once now. */
  readonly remaining: number;
  /** Until the whole burst would be. */
  readonly resetMicros: number;
}

/** Doubles of these sizes are exact to 0.02 µs: without some slack a burst would end one request early. */
export const slackMicros = 1;

/**
 * Takes one request from all buckets, or from none. A bucket is kept as the time at which it is full again; undefined is full.
 * Answers those times anew.
 *
 * A time further ahead than an empty bucket takes to fill is of a clock that was set back, or of a limit that was larger: the
 * bucket is empty then, not closed for as long. The script of take-from-buckets.lua.ts is the same, and a test holds the two together.
 */
export function takeFromBuckets(
  buckets: readonly LimitBucket[],
  fullMicros: readonly (number | undefined)[],
  nowMicros: number,
): { readonly answer: LimitAnswer; readonly fullMicros: readonly (number | undefined)[] } {
  const missing = buckets.map(({ intervalMicros, burst }, place) =>
    Math.min(Math.max(0, (fullMicros[place] ?? nowMicros) - nowMicros), intervalMicros * burst),
  );
  let refusedBy: number | undefined;
  let longest = slackMicros;
  for (const [place, { intervalMicros, burst }] of buckets.entries()) {
    const wait = (missing[place] ?? 0) + intervalMicros - intervalMicros * burst;
    if (wait <= longest) continue;
    refusedBy = place;
    longest = wait;
  }
  const left = buckets.map(
    ({ intervalMicros }, place) => (missing[place] ?? 0) + (refusedBy === undefined ? intervalMicros : 0),
  );
  return {
    answer: {
      refusedBy,
      retryMicros: refusedBy === undefined ? 0 : Math.ceil(longest),
      buckets: buckets.map(({ intervalMicros, burst }, place) => ({
        remaining: Math.floor((intervalMicros * burst - (left[place] ?? 0) + slackMicros) / intervalMicros),
        resetMicros: Math.ceil(left[place] ?? 0),
      })),
    },
    fullMicros: left.map((micros) => (micros === 0 ? undefined : nowMicros + micros)),
  };
}
