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
  counts: Map<Scalar, number>;
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

export function foldFrequent(frequent: Frequent, value: Scalar, compare: Compare<Scalar>): void {
  frequent.counts.set(value, (frequent.counts.get(value) ?? frequent.floor) + 1);
  if (frequent.counts.size > mostHeld) forgetRarest(frequent, compare);
}

/** True where the partial has changed. */
export function mergeFrequent(into: Frequent, from: Frequent, compare: Compare<Scalar>): boolean {
  if (from.counts.size === 0) return false;
  if (from.floor > 0) {
    for (const [value, count] of into.counts) if (!from.counts.has(value)) into.counts.set(value, count + from.floor);
  }
  for (const [value, count] of from.counts) into.counts.set(value, (into.counts.get(value) ?? into.floor) + count);
  into.floor += from.floor;
  if (into.counts.size > mostHeld) forgetRarest(into, compare);
  return true;
}

/** Up to `k` values, most frequent first, ties by value; null where there is none. */
export function mostFrequent({ counts }: Frequent, k: number, compare: Compare<Scalar>): Scalar[] | null {
  if (counts.size === 0) return null;
  // Numbers sort ten times faster than entries, of which most are too rare to be among the k.
  const leastCount = Float64Array.from(counts.values()).sort()[Math.max(counts.size - k, 0)] ?? 0;
  const candidates = [...counts].filter(([, count]) => count >= leastCount);
  return rank(candidates, compare)
    .slice(0, k)
    .map(([value]) => value);
}

export function encodeFrequent(frequent: Frequent, compare: Compare<Scalar>): JsonValue {
  if (frequent.counts.size > mostKept) forgetRarest(frequent, compare);
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

function forgetRarest(frequent: Frequent, compare: Compare<Scalar>): void {
  const ranked = rank([...frequent.counts], compare);
  frequent.counts = new Map(ranked.slice(0, mostKept));
  frequent.floor = Math.max(frequent.floor, ranked[mostKept]?.[1] ?? 0);
}

function rank(entries: [Scalar, number][], compare: Compare<Scalar>): [Scalar, number][] {
  return entries.sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || compare(a, b));
}
