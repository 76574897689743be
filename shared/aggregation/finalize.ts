import type { Dtype } from './aggregation.ts';
import { countDistinct } from './distinct.ts';
import { type Dyadic, divide, squaredDeviations, squareRoot, toNumber } from './dyadic.ts';
import { valuesOf } from './ends.ts';
import { exactSumOf, integerSumOf, sumOf } from './exact-sum.ts';
import type { WindowFeature } from './fold-plan.ts';
import { mostFrequent } from './frequent.ts';
import type { JsonValue } from './json.ts';
import type { NumericCells } from './numeric-cells.ts';
import type { Part } from './parts.ts';
import { quantileOf } from './quantiles.ts';
import { countAt, type Slots } from './slots.ts';

/**
 * A feature's value from the partials of its window, which are those of a single slot. Null where there is none, and
 * where its dtype cannot hold it: an int64 sum beyond int64, a float beyond doubles.
 */
export function finalize(feature: WindowFeature, merged: Slots): JsonValue {
  const part = feature.part === undefined ? undefined : merged.parts[0]?.[feature.part.place];
  if (part !== undefined) return finalizePart(feature, part);
  if (feature.cells === undefined) return merged.numbers[countAt] ?? 0;
  const value = finalizeNumbers(feature, merged, feature.cells);
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

function finalizePart({ function: name, part: spec, k, p }: WindowFeature, part: Part): JsonValue {
  if (spec === undefined) return null;
  switch (part.kind) {
    case 'extreme':
      return part.value;
    case 'ends': {
      const values = valuesOf(part, { k, isLast: spec.isLast });
      return name === 'first' || name === 'last' ? (values?.[0] ?? null) : values;
    }
    case 'distinct':
      return countDistinct(part);
    case 'frequent':
      return mostFrequent(part, k, spec.compare);
    case 'quantiles':
      return quantileOf(part, p);
  }
}

function finalizeNumbers({ function: name, dtype }: WindowFeature, merged: Slots, cells: NumericCells): JsonValue {
  const count = merged.numbers[cells.countAt] ?? 0;
  if (name === 'count') return count;
  if (count === 0) return null;
  switch (name) {
    case 'sum':
      return dtype === 'int64' ? integer(integerSumOf(merged, 0, cells.sumAt)) : sumOf(merged, 0, cells.sumAt);
    case 'avg':
      return average(merged, cells, count);
    case 'variance':
      return toNumber(varianceOf(merged, cells, count));
    case 'stddev':
      return squareRoot(varianceOf(merged, cells, count));
    case 'min':
      return boundOf(merged, cells.minAt, dtype);
    default:
      return boundOf(merged, cells.maxAt, dtype);
  }
}

/** Also where the sum is beyond doubles and the average is not. */
function average(merged: Slots, { sumAt }: NumericCells, count: number): number {
  const sum = sumOf(merged, 0, sumAt);
  return Number.isFinite(sum) ? sum / count : toNumber(divide(exactSumOf(merged, 0, sumAt), BigInt(count)));
}

/**
 * Of the population, from the exact sums of values and squares: equal for any split and order. Welford's and Chan's
 * updates, rounded each time, differ by up to 9e-4 between orders where values of 1e9 deviate by 1e-3.
 */
function varianceOf(merged: Slots, { sumAt, squaresAt }: NumericCells, count: number): Dyadic {
  const deviations = squaredDeviations(count, exactSumOf(merged, 0, squaresAt), exactSumOf(merged, 0, sumAt));
  return divide(deviations, BigInt(count) ** 2n);
}

function boundOf({ numbers }: Slots, at: number, dtype: Dtype): JsonValue {
  const high = numbers[at] ?? 0;
  if (dtype === 'bool') return high === 1;
  return dtype === 'int64' ? integer(BigInt(high) + BigInt(numbers[at + 1] ?? 0)) : high;
}

const mostInt64 = 2n ** 63n - 1n;

/** As int64 is answered: a number within ±(2^53 − 1), else its decimal text. */
function integer(value: bigint): number | string | null {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return value > mostInt64 || value < -mostInt64 - 1n ? null : String(value);
}
