import { add, type Dyadic, dyadicOf, toBigInt, toNumber } from './dyadic.ts';
import { indexAt, type Slots } from './slots.ts';

/*
 * Sums are exact, so that any order and any split of the events gives the same one. Three doubles hold one: the
 * rounding error of each goes into the next, which is exact over 159 binary digits. What would not fit (10^300 and 1 in
 * one sum, or a sum beyond doubles) is spilled into an integer of any length. A compensated sum of two doubles loses
 * what cancels.
 *
 * Throughout, `base` is where the slot begins in `slots.numbers`, and `at` where the sum begins in the slot.
 */

/** How many numbers of a slot a sum takes. */
export const sumLength = 3;

/** 2^27 + 1 splits a double into halves whose products are exact (Veltkamp, Dekker). */
const splitter = 134_217_729;
/** Squares between these have an exact error term; others are spilled. */
const smallestSquare = 1e-280;
const largestSquare = 1e290;

export function addTo(slots: Slots, base: number, at: number, value: number): void {
  if (!fits(slots.numbers, base + at, value)) spill(slots, base, at, dyadicOf(value));
}

/** Adds the square of a value, exactly. */
export function addSquareTo(slots: Slots, base: number, at: number, value: number): void {
  const square = value * value;
  if (square >= smallestSquare && square <= largestSquare) {
    const split = splitter * value;
    const high = split - (split - value);
    const low = value - high;
    addTo(slots, base, at, square);
    addTo(slots, base, at, high * high - square + 2 * high * low + low * low);
  } else if (value !== 0) {
    const { units, exponent } = dyadicOf(value);
    spill(slots, base, at, { units: units * units, exponent: 2 * exponent });
  }
}

/** Adds the square of an integer that is the sum of two doubles. */
export function addIntegerSquareTo(slots: Slots, base: number, at: number, high: number, low: number): void {
  const integer = BigInt(high) + BigInt(low);
  spill(slots, base, at, { units: integer * integer, exponent: 0 });
}

export function mergeSum(into: Slots, base: number, from: Slots, fromBase: number, at: number): void {
  for (let place = at; place < at + sumLength; place++) {
    const value = from.numbers[fromBase + place] ?? 0;
    if (value !== 0) addTo(into, base, at, value);
  }
  if (from.spills === null) return;
  const spilled = spilledOf(from, fromBase, at);
  if (spilled !== undefined) spill(into, base, at, spilled.total);
}

/** The nearest double; an infinity beyond them. */
export function sumOf(slots: Slots, base: number, at: number): number {
  const { numbers, spills } = slots;
  if (numbers[base + at + 2] !== 0 || spills !== null) return toNumber(exactSumOf(slots, base, at));
  return (numbers[base + at] ?? 0) + (numbers[base + at + 1] ?? 0);
}

/** Of integers alone. */
export function integerSumOf(slots: Slots, base: number, at: number): bigint {
  return toBigInt(exactSumOf(slots, base, at));
}

export function exactSumOf(slots: Slots, base: number, at: number): Dyadic {
  let total = dyadicOf(slots.numbers[base + at] ?? 0);
  for (let place = at + 1; place < at + sumLength; place++) {
    const value = slots.numbers[base + place] ?? 0;
    if (value !== 0) total = add(total, dyadicOf(value));
  }
  const spilled = spilledOf(slots, base, at);
  return spilled === undefined ? total : add(total, spilled.total);
}

/**
 * False, with nothing done, where the three doubles from `first` on cannot hold the exact sum. The rounding error of an
 * infinity is NaN, which is not 0.
 */
function fits(numbers: number[], first: number, value: number): boolean {
  const a = numbers[first] ?? 0;
  const sumA = a + value;
  const errorA = roundingError(a, value, sumA);
  if (errorA !== 0) {
    const b = numbers[first + 1] ?? 0;
    const sumB = b + errorA;
    const errorB = roundingError(b, errorA, sumB);
    if (errorB !== 0) {
      const c = numbers[first + 2] ?? 0;
      const sumC = c + errorB;
      if (roundingError(c, errorB, sumC) !== 0) return false;
      numbers[first + 2] = sumC;
    }
    numbers[first + 1] = sumB;
  }
  numbers[first] = sumA;
  return true;
}

/** What `sum`, the rounded a + b, lacks of the exact one (Knuth's TwoSum). */
function roundingError(a: number, b: number, sum: number): number {
  const rest = sum - a;
  return a - (sum - rest) + (b - rest);
}

function spill(slots: Slots, base: number, at: number, value: Dyadic): void {
  slots.spills ??= [];
  const spilled = spilledOf(slots, base, at);
  if (spilled === undefined) slots.spills.push({ index: slots.numbers[base + indexAt] ?? 0, at, total: value });
  else spilled.total = add(spilled.total, value);
}

function spilledOf({ numbers, spills }: Slots, base: number, at: number): { total: Dyadic } | undefined {
  const index = numbers[base + indexAt];
  return spills?.find((entry) => entry.at === at && entry.index === index);
}
