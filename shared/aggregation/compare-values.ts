import type { Dtype } from './aggregation.ts';

/** Below 0 where `a` comes first, above 0 where `b` does. */
export type Compare<Value> = (a: Value, b: Value) => number;

/**
 * As UTF-8 bytes compare, which is by code point. `<` compares UTF-16 units, which puts 𝄞 (D834 DD1E) before ﬁ (FB01).
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const unitOfA = a.charCodeAt(index);
    const unitOfB = b.charCodeAt(index);
    if (unitOfA !== unitOfB) return inCodePointOrder(unitOfA) - inCodePointOrder(unitOfB);
  }
  return a.length - b.length;
}

/** Surrogates, which write the code points from 10000 on, after E000 to FFFF. */
function inCodePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * RFC 3339 in UTC with Z and three or six digits, years 0001 to 9999: without the Z the shorter one of equal digits is
 * the earlier.
 */
function compareTimestamps(a: string, b: string): number {
  return compareText(a.slice(0, -1), b.slice(0, -1));
}

export type Scalar = number | string | boolean;

/** Of one field's values: numbers by size, an int64 beyond 2^53 − 1 being its decimal text, `false` before `true`. */
export function compareOf(dtype: Dtype): Compare<Scalar> {
  if (dtype === 'string') return (a, b) => compareText(String(a), String(b));
  if (dtype === 'timestamp') return (a, b) => compareTimestamps(String(a), String(b));
  return (a, b) => {
    if (typeof a === 'string' || typeof b === 'string') return compareIntegers(BigInt(a), BigInt(b));
    return Number(a) - Number(b);
  };
}

function compareIntegers(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}
