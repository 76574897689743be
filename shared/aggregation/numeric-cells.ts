import { addIntegerSquareTo, addSquareTo, addTo, mergeSum } from './exact-sum.ts';
import type { JsonValue } from './json.ts';
import type { Slots } from './slots.ts';

/**
 * Where the numbers of one field stand in a slot; −1 where none is asked for. Bounds take two places: an int64 beyond
 * 2^53 − 1 is the sum of two doubles, the nearest and the rest.
 */
export interface NumericCells {
  /** Of the field among the event's values. */
  readonly position: number;
  /** Of values that are not null. */
  readonly countAt: number;
  readonly sumAt: number;
  readonly squaresAt: number;
  readonly minAt: number;
  readonly maxAt: number;
  /** False where nothing but the count is asked for, of whatever dtype the field is. */
  readonly isNumeric: boolean;
}

export const boundLength = 2;

/** Folds a value into the slot that begins at `base`. Nulls are ignored. */
export function foldNumber(slots: Slots, base: number, cells: NumericCells, value: JsonValue): void {
  if (value === null) return;
  const { numbers } = slots;
  const before = numbers[base + cells.countAt] ?? 0;
  numbers[base + cells.countAt] = before + 1;
  if (!cells.isNumeric) return;
  // Adding 0 makes 0 of −0.
  if (typeof value === 'number') foldPair(slots, base, cells, before === 0, value + 0, 0);
  else if (typeof value === 'boolean') foldPair(slots, base, cells, before === 0, value ? 1 : 0, 0);
  else {
    const integer = BigInt(String(value));
    const high = Number(integer);
    foldPair(slots, base, cells, before === 0, high, Number(integer - BigInt(high)));
  }
}

export function mergeNumbers(into: Slots, base: number, from: Slots, fromBase: number, cells: NumericCells): void {
  const { numbers } = from;
  const count = numbers[fromBase + cells.countAt] ?? 0;
  if (count === 0) return;
  const before = into.numbers[base + cells.countAt] ?? 0;
  into.numbers[base + cells.countAt] = before + count;
  if (cells.sumAt >= 0) mergeSum(into, base, from, fromBase, cells.sumAt);
  if (cells.squaresAt >= 0) mergeSum(into, base, from, fromBase, cells.squaresAt);
  if (cells.minAt >= 0) {
    const at = fromBase + cells.minAt;
    lower(into.numbers, base + cells.minAt, before === 0, numbers[at] ?? 0, numbers[at + 1] ?? 0);
  }
  if (cells.maxAt >= 0) {
    const at = fromBase + cells.maxAt;
    raise(into.numbers, base + cells.maxAt, before === 0, numbers[at] ?? 0, numbers[at + 1] ?? 0);
  }
}

function foldPair(slots: Slots, base: number, cells: NumericCells, isFirst: boolean, high: number, low: number): void {
  if (cells.sumAt >= 0) {
    addTo(slots, base, cells.sumAt, high);
    if (low !== 0) addTo(slots, base, cells.sumAt, low);
  }
  if (cells.squaresAt >= 0) {
    if (low === 0) addSquareTo(slots, base, cells.squaresAt, high);
    else addIntegerSquareTo(slots, base, cells.squaresAt, high, low);
  }
  if (cells.minAt >= 0) lower(slots.numbers, base + cells.minAt, isFirst, high, low);
  if (cells.maxAt >= 0) raise(slots.numbers, base + cells.maxAt, isFirst, high, low);
}

function lower(numbers: number[], at: number, isFirst: boolean, high: number, low: number): void {
  const bound = numbers[at] ?? 0;
  if (!isFirst && (high > bound || (high === bound && low >= (numbers[at + 1] ?? 0)))) return;
  numbers[at] = high;
  numbers[at + 1] = low;
}

function raise(numbers: number[], at: number, isFirst: boolean, high: number, low: number): void {
  const bound = numbers[at] ?? 0;
  if (!isFirst && (high < bound || (high === bound && low <= (numbers[at + 1] ?? 0)))) return;
  numbers[at] = high;
  numbers[at + 1] = low;
}
