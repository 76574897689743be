import type { Compare, Scalar } from './compare-values.ts';
import {
  createDistinct,
  type Distinct,
  decodeDistinct,
  encodeDistinct,
  foldDistinct,
  mergeDistinct,
} from './distinct.ts';
import { createEnds, decodeEnds, type Ends, encodeEnds, foldEnd, mergeEnds } from './ends.ts';
import { createExtreme, decodeExtreme, type Extreme, foldExtreme } from './extreme.ts';
import {
  createFrequent,
  decodeFrequent,
  encodeFrequent,
  type Frequent,
  foldFrequent,
  mergeFrequent,
} from './frequent.ts';
import { type JsonValue, shapeError } from './json.ts';
import {
  createQuantiles,
  decodeQuantiles,
  encodeQuantiles,
  foldQuantiles,
  mergeQuantiles,
  type Quantiles,
} from './quantiles.ts';

/** A partial that is more than a few numbers. */
export type Part = Extreme | Ends | Distinct | Frequent | Quantiles;

export const partKinds = ['least', 'greatest', 'first', 'last', 'distinct', 'frequent', 'quantiles'] as const;
export type PartKind = (typeof partKinds)[number];

/** What a part is of. Windows, p and smaller k share it. */
export interface PartSpec {
  readonly kind: PartKind;
  /** Of the part in a slot. */
  readonly place: number;
  /** Of the field among the event's values. */
  readonly position: number;
  readonly isGreatest: boolean;
  readonly isLast: boolean;
  readonly k: number;
  readonly compare: Compare<Scalar>;
}

/** Of an event: its values in the order of the plan's fields. */
export interface CountedEvent {
  /** Microseconds since the epoch. */
  readonly eventMicros: number;
  readonly eventId: string;
  /**
   * As their dtypes are answered: an int64 as a number within ±(2^53 − 1) and only beyond as text, timestamps in UTC
   * with Z.
   */
  readonly values: readonly JsonValue[];
}

export function createPart(kind: PartKind): Part {
  switch (kind) {
    case 'least':
    case 'greatest':
      return createExtreme();
    case 'first':
    case 'last':
      return createEnds();
    case 'distinct':
      return createDistinct();
    case 'frequent':
      return createFrequent();
    case 'quantiles':
      return createQuantiles();
  }
}

/** Nulls are ignored. True where the part has changed. */
export function foldPart(part: Part, spec: PartSpec, event: CountedEvent): boolean {
  const given = event.values[spec.position];
  if (given === null || given === undefined) return false;
  // −0 is 0.
  const value = given === 0 ? 0 : given;
  switch (part.kind) {
    case 'extreme':
      return foldExtreme(part, String(value), spec.compare, spec.isGreatest);
    case 'ends':
      return foldEnd(part, { eventMicros: event.eventMicros, eventId: event.eventId, value }, spec);
    case 'distinct':
      return foldDistinct(part, scalarOf(value));
    case 'frequent':
      foldFrequent(part, scalarOf(value));
      return true;
    case 'quantiles':
      foldQuantiles(part, Number(value));
      return true;
  }
}

/** True where `into` has changed. */
export function mergePart(into: Part, from: Part, spec: PartSpec): boolean {
  if (into.kind === 'extreme' && from.kind === 'extreme') {
    return from.value !== null && foldExtreme(into, from.value, spec.compare, spec.isGreatest);
  }
  if (into.kind === 'ends' && from.kind === 'ends') return mergeEnds(into, from, spec);
  if (into.kind === 'distinct' && from.kind === 'distinct') return mergeDistinct(into, from);
  if (into.kind === 'frequent' && from.kind === 'frequent') return mergeFrequent(into, from);
  if (into.kind === 'quantiles' && from.kind === 'quantiles') return mergeQuantiles(into, from);
  throw shapeError(`${into.kind}, not ${from.kind}`);
}

export function encodePart(part: Part): JsonValue {
  switch (part.kind) {
    case 'extreme':
      return part.value;
    case 'ends':
      return encodeEnds(part);
    case 'distinct':
      return encodeDistinct(part);
    case 'frequent':
      return encodeFrequent(part);
    case 'quantiles':
      return encodeQuantiles(part);
  }
}

export function decodePart(kind: PartKind, json: JsonValue | undefined): Part {
  switch (kind) {
    case 'least':
    case 'greatest':
      return decodeExtreme(json);
    case 'first':
    case 'last':
      return decodeEnds(json);
    case 'distinct':
      return decodeDistinct(json);
    case 'frequent':
      return decodeFrequent(json);
    case 'quantiles':
      return decodeQuantiles(json);
  }
}

function scalarOf(value: JsonValue): Scalar {
  if (typeof value === 'object') throw new TypeError('A value to be told apart is a number, a text or a bool');
  return value;
}
