import { mostKept } from './aggregation.ts';
import {
  addToSketch,
  createSketch,
  decodeSketch,
  encodeSketch,
  mergeSketch,
  quantileRanks,
  type Sketch,
  valueAtRank,
} from './ddsketch.ts';
import { isJsonArray, type JsonValue, shapeError } from './json.ts';

/**
 * Values for percentiles of any p: themselves up to 1,000, then a DDSketch of the same values, so that the split does
 * not matter. As JSON: the list of them, at most 1,000 times 25 bytes; or the sketch.
 */
export interface Quantiles {
  readonly kind: 'quantiles';
  /** In no order; null once they are too many. */
  values: number[] | null;
  sketch: Sketch | null;
}

export function createQuantiles(): Quantiles {
  return { kind: 'quantiles', values: [], sketch: null };
}

export function foldQuantiles(quantiles: Quantiles, value: number): void {
  const { values } = quantiles;
  if (values === null) addToSketch(sketchOf(quantiles), value);
  else if (values.push(value) > mostKept) sketchOf(quantiles);
}

/** True where the partial has changed. */
export function mergeQuantiles(into: Quantiles, from: Quantiles): boolean {
  if (from.sketch !== null) mergeSketch(sketchOf(into), from.sketch);
  else for (const value of from.values ?? []) foldQuantiles(into, value);
  return from.sketch !== null || (from.values?.length ?? 0) > 0;
}

/** The p-quantile, linear between neighbours; null where there is no value. */
export function quantileOf({ values, sketch }: Quantiles, p: number): number | null {
  if (sketch !== null) {
    const { lower, upper, fraction } = quantileRanks(p, sketch.count);
    return interpolate(valueAtRank(sketch, lower), valueAtRank(sketch, upper), fraction);
  }
  if (values === null || values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const { lower, upper, fraction } = quantileRanks(p, sorted.length);
  return interpolate(sorted[lower] ?? 0, sorted[upper] ?? 0, fraction);
}

export function encodeQuantiles({ values, sketch }: Quantiles): JsonValue {
  return sketch === null ? [...(values ?? [])] : encodeSketch(sketch);
}

export function decodeQuantiles(json: JsonValue | undefined): Quantiles {
  if (isJsonArray(json)) return { kind: 'quantiles', values: json.map(numberOf), sketch: null };
  return { kind: 'quantiles', values: null, sketch: decodeSketch(json) };
}

function sketchOf(quantiles: Quantiles): Sketch {
  if (quantiles.sketch !== null) return quantiles.sketch;
  const sketch = createSketch();
  for (const value of quantiles.values ?? []) addToSketch(sketch, value);
  quantiles.values = null;
  quantiles.sketch = sketch;
  return sketch;
}

/** By the other formula where the distance of the two is beyond doubles: it would not give 0.1 between 0.1 and 0.1. */
function interpolate(lower: number, upper: number, fraction: number): number {
  const distance = upper - lower;
  return Number.isFinite(distance) ? lower + distance * fraction : lower * (1 - fraction) + upper * fraction;
}

function numberOf(json: JsonValue): number {
  if (typeof json !== 'number') throw shapeError('a number');
  return json;
}
