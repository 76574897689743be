import { mostKept } from './aggregation.ts';
import type { Compare, Scalar } from './compare-values.ts';
import { isJsonArray, type JsonValue, shapeError } from './json.ts';

/**
 * How often each value occurred. Exact up to 1,000 different ones; beyond, the rarest are forgotten and `floor` is the
 * greatest count that a forgotten one may have had, at which it begins when it comes again (Space-Saving, merged as
 * Agarwal et al. 2012): a count is too great by at most a thousandth of all events, and a value more frequent than that
 * is never missing. As JSON: the floor, then value and count in turn: at most 1,000 times (the value and 17 bytes).
 */
export interface Frequent {
  readonly kind: 'frequent';
  readonly counts: Map<Scalar, number>;
  floor: number;
}

/**
 * How many are held in memory before the rarest are forgotten: at twice what is kept, so that a sort serves 1,000
 * events.
 */
const mostHeld = 2 * mostKept;

export function createFrequent(): Frequent {
  return { kind: 'frequent', counts: new Map(), floor: 0 };
}

export function foldFrequent(frequent: Frequent, value: Scalar): void {
  frequent.counts.set(value, (frequent.counts.get(value) ?? frequent.floor) + 1);
  if (frequent.counts.size > mostHeld) forgetRarest(frequent);
}

/** True where the partial has changed. */
export function mergeFrequent(into: Frequent, from: Frequent): boolean {
  if (from.counts.size === 0) return false;
  if (from.floor > 0) {
    for (const [value, count] of into.counts) if (!from.counts.has(value)) into.counts.set(value, count + from.floor);
  }
  for (const [value, count] of from.counts) into.counts.set(value, (into.counts.get(value) ?? into.floor) + count);
  into.floor += from.floor;
  if (into.counts.size > mostHeld) forgetRarest(into);
  return true;
}

/** Up to `k` values, most frequent first, ties by value; null where there is none. */
export function mostFrequent({ counts }: Frequent, k: number, compare: Compare<Scalar>): Scalar[] | null {
  if (counts.size === 0) return null;
  // Numbers sort ten times faster than entries, of which most are too rare to be among the k.
  const leastCount = leastOfMost(counts, k);
  return [...counts]
    .filter(([, count]) => count >= leastCount)
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || compare(a, b))
    .slice(0, k)
    .map(([value]) => value);
}

export function encodeFrequent(frequent: Frequent): JsonValue {
  if (frequent.counts.size > mostKept) forgetRarest(frequent);
  const flat: JsonValue[] = [frequent.floor];
  for (const [value, count] of frequent.counts) flat.push(value, count);
  return flat;
}

export function decodeFrequent(json: JsonValue | undefined): Frequent {
  if (!isJsonArray(json)) throw shapeError('frequent values');
  const floor = json[0];
  if (typeof floor !== 'number') throw shapeError('a floor');
  const counts = new Map<Scalar, number>();
  for (let index = 1; index < json.length; index += 2) {
    const value = json[index];
    const count = json[index + 1];
    if (typeof value === 'object' || value === undefined || typeof count !== 'number') throw shapeError('a count');
    counts.set(value, count);
  }
  return { kind: 'frequent', counts, floor };
}

/** Of equal counts the later ones: by value it would take ten times as long, for an answer that is approximate. */
function forgetRarest(frequent: Frequent): void {
  const { counts } = frequent;
  const leastCount = leastOfMost(counts, mostKept);
  let places = mostKept;
  for (const count of counts.values()) if (count > leastCount) places--;
  for (const [value, count] of counts) {
    if (count > leastCount || (count === leastCount && places-- > 0)) continue;
    counts.delete(value);
    frequent.floor = Math.max(frequent.floor, count);
  }
}

/** The least of the `most` greatest counts. */
function leastOfMost(counts: ReadonlyMap<Scalar, number>, most: number): number {
  return Float64Array.from(counts.values()).sort()[Math.max(counts.size - most, 0)] ?? 0;
}
