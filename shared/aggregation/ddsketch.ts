import { isJsonArray, type JsonValue, shapeError } from './json.ts';

/**
 * DDSketch (Masson, Rim, Lee 2019): counts of values in bins that grow by 2 %, so that any rank's value is known within
 * 1 %. Merging adds counts, so any split of the same values gives the same sketch. @datadog/sketches-js 2.1.1 was tried
 * and is not used: its merge leaves out the negative values of the other sketch, and its serialization needs a package
 * that it does not depend on.
 */
export interface Sketch {
  count: number;
  zeros: number;
  readonly positive: Bins;
  /** By magnitude. */
  readonly negative: Bins;
}

/** Counts by bin: bin i has the magnitudes above γ^(i − 1) up to γ^i. */
type Bins = Map<number, number>;

/** A little finer than promised, since logarithms are rounded. */
const accuracy = 0.0099;
const gamma = (1 + accuracy) / (1 - accuracy);
const logGamma = Math.log(gamma);
/**
 * Bins of one sign. Each factor of 10 takes 117, so only values over 17 orders of magnitude come to more; then the
 * smallest magnitudes share a bin and are less exact.
 */
const mostBins = 2048;

export function createSketch(): Sketch {
  return { count: 0, zeros: 0, positive: new Map(), negative: new Map() };
}

export function addToSketch(sketch: Sketch, value: number): void {
  sketch.count++;
  if (value === 0) sketch.zeros++;
  else addToBin(value > 0 ? sketch.positive : sketch.negative, Math.ceil(Math.log(Math.abs(value)) / logGamma), 1);
}

export function mergeSketch(into: Sketch, from: Sketch): void {
  into.count += from.count;
  into.zeros += from.zeros;
  for (const [bin, count] of from.positive) addToBin(into.positive, bin, count);
  for (const [bin, count] of from.negative) addToBin(into.negative, bin, count);
}

/** The two ranks, from 0, that the p-quantile of `count` values lies between, and where. */
export function quantileRanks(p: number, count: number): { lower: number; upper: number; fraction: number } {
  const rank = p * (count - 1);
  const lower = Math.floor(rank);
  return { lower, upper: Math.ceil(rank), fraction: rank - lower };
}

/** The value of a rank from 0, within 1 %. */
export function valueAtRank({ count, zeros, positive, negative }: Sketch, rank: number): number {
  joinLowest(positive);
  joinLowest(negative);
  const fromNegative = count - zeros - sum(positive);
  // The magnitudes of negative values fall as their rank rises.
  if (rank < fromNegative) return -magnitudeAtRank(negative, fromNegative - 1 - rank);
  return rank < fromNegative + zeros ? 0 : magnitudeAtRank(positive, rank - fromNegative - zeros);
}

/** At most 2 times 2,048 bins of 7 to 24 bytes. */
export function encodeSketch({ zeros, positive, negative }: Sketch): JsonValue {
  joinLowest(positive);
  joinLowest(negative);
  return { zeros, positive: encodeBins(positive), negative: encodeBins(negative) };
}

export function decodeSketch(json: JsonValue | undefined): Sketch {
  if (typeof json !== 'object' || json === null || !('zeros' in json) || typeof json.zeros !== 'number') {
    throw shapeError('a sketch');
  }
  const positive = decodeBins(json.positive);
  const negative = decodeBins(json.negative);
  return { count: json.zeros + sum(positive) + sum(negative), zeros: json.zeros, positive, negative };
}

function addToBin(bins: Bins, bin: number, count: number): void {
  bins.set(bin, (bins.get(bin) ?? 0) + count);
  // At twice as many, so that one sort serves 2,048 new bins.
  if (bins.size > 2 * mostBins) joinLowest(bins);
}

/** All below the 2,048 highest bins join the lowest of these: the same in the end whenever it is done in between. */
function joinLowest(bins: Bins): void {
  if (bins.size <= mostBins) return;
  const ascending = [...bins.keys()].sort((a, b) => a - b);
  const lowestKept = ascending[ascending.length - mostBins] ?? 0;
  for (const bin of ascending) {
    if (bin >= lowestKept) break;
    bins.set(lowestKept, (bins.get(lowestKept) ?? 0) + (bins.get(bin) ?? 0));
    bins.delete(bin);
  }
}

function magnitudeAtRank(bins: Bins, rank: number): number {
  let below = 0;
  for (const [bin, count] of [...bins].sort(([a], [b]) => a - b)) {
    below += count;
    // The value of equal relative distance to both ends of the bin. Beyond doubles by a rounding for the greatest of
    // them.
    if (below > rank) return Math.min((Math.exp(bin * logGamma) * 2) / (1 + gamma), Number.MAX_VALUE);
  }
  throw new RangeError(`A sketch has no value of rank ${rank}`);
}

function sum(bins: Bins): number {
  let total = 0;
  for (const count of bins.values()) total += count;
  return total;
}

function encodeBins(bins: Bins): number[] {
  const flat: number[] = [];
  for (const [bin, count] of bins) flat.push(bin, count);
  return flat;
}

function decodeBins(json: JsonValue | undefined): Bins {
  if (!isJsonArray(json)) throw shapeError('bins');
  const bins: Bins = new Map();
  for (let index = 0; index < json.length; index += 2) {
    const bin = json[index];
    const count = json[index + 1];
    if (typeof bin !== 'number' || typeof count !== 'number') throw shapeError('a bin');
    bins.set(bin, count);
  }
  return bins;
}
