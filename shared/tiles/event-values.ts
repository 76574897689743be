import type { JsonValue } from '../aggregation/index.ts';
import type { Dtype } from '../contract/dtypes.ts';
import { codecs, type EncodedValue, jsonOf } from '../values/index.ts';

/** Of these a value that was accepted is what it is answered as, but for -0. */
const asGiven: ReadonlySet<Dtype> = new Set(['float64', 'int32', 'bool', 'string']);

/** A field of an event as it is folded: what a later read of the raw event has, to the bit. */
export function foldedValue(dtype: Dtype, given: unknown, encoded: EncodedValue): JsonValue {
  if (typeof given === 'number' && asGiven.has(dtype)) return given + 0;
  if ((typeof given === 'string' || typeof given === 'boolean') && asGiven.has(dtype)) return given;
  return JSON.parse(jsonOf(encoded));
}

/** The same of a column of the raw events. */
export function storedValue(dtype: Dtype, text: string | number | boolean | null | undefined): JsonValue {
  if (text === null || text === undefined) return null;
  return JSON.parse(JSON.stringify(codecs[dtype].decode(String(text))));
}
