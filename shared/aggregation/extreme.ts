import type { Compare, Scalar } from './compare-values.ts';
import { type JsonValue, shapeError } from './json.ts';

/**
 * The least or the greatest text or timestamp. Numbers have theirs in the slot. As JSON: the value. At most one value
 * long.
 */
export interface Extreme {
  readonly kind: 'extreme';
  value: string | null;
}

export function createExtreme(): Extreme {
  return { kind: 'extreme', value: null };
}

/** True where the value is the new extreme: below the old one by `compare`. */
export function foldExtreme(extreme: Extreme, value: string, compare: Compare<Scalar>, isGreatest: boolean): boolean {
  const { value: before } = extreme;
  if (before !== null) {
    const order = compare(value, before);
    if (isGreatest ? order <= 0 : order >= 0) return false;
  }
  extreme.value = value;
  return true;
}

export function decodeExtreme(json: JsonValue | undefined): Extreme {
  if (json !== null && typeof json !== 'string') throw shapeError('an extreme');
  return { kind: 'extreme', value: json };
}
