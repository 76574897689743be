import { compareText } from './compare-values.ts';
import { isJsonArray, type JsonValue, shapeError } from './json.ts';

/**
 * The first or the last `k` values by event time, then event id, earliest first. Serves `first`, `last`, `first_k` and
 * `last_k` of any smaller k. As JSON: time, id and value of each in turn; at most k times (20 bytes, the id, the
 * value).
 */
export interface Ends {
  readonly kind: 'ends';
  readonly entries: End[];
}

interface End {
  readonly eventMicros: number;
  readonly eventId: string;
  readonly value: JsonValue;
}

export interface EndsRule {
  readonly k: number;
  readonly isLast: boolean;
}

export function createEnds(): Ends {
  return { kind: 'ends', entries: [] };
}

/** True where the entry is among the ends. */
export function foldEnd({ entries }: Ends, entry: End, { k, isLast }: EndsRule): boolean {
  let place = entries.length;
  while (place > 0 && isBefore(entry, entries[place - 1])) place--;
  if (entries.length < k) entries.splice(place, 0, entry);
  else if (isLast ? place === 0 : place === k) return false;
  else if (isLast) {
    entries.splice(place, 0, entry);
    entries.shift();
  } else {
    entries.splice(place, 0, entry);
    entries.pop();
  }
  return true;
}

/** True where any entry of `from` is among the ends. */
export function mergeEnds(into: Ends, from: Ends, rule: EndsRule): boolean {
  let isChanged = false;
  // From the end that is kept, since then the first entry that is not among them ends it.
  const count = from.entries.length;
  for (let index = 0; index < count; index++) {
    const entry = from.entries[rule.isLast ? count - 1 - index : index];
    if (entry === undefined || !foldEnd(into, entry, rule)) break;
    isChanged = true;
  }
  return isChanged;
}

/** The values of the outermost `k`, earliest first; null where there is none. */
export function valuesOf({ entries }: Ends, { k, isLast }: EndsRule): JsonValue[] | null {
  if (entries.length === 0) return null;
  return (isLast ? entries.slice(-k) : entries.slice(0, k)).map(({ value }) => value);
}

export function encodeEnds({ entries }: Ends): JsonValue {
  const flat: JsonValue[] = [];
  for (const { eventMicros, eventId, value } of entries) flat.push(eventMicros, eventId, value);
  return flat;
}

export function decodeEnds(json: JsonValue | undefined): Ends {
  if (!isJsonArray(json)) throw shapeError('ends');
  const entries: End[] = [];
  for (let index = 0; index < json.length; index += 3) {
    const eventMicros = json[index];
    const eventId = json[index + 1];
    const value = json[index + 2];
    if (typeof eventMicros !== 'number' || typeof eventId !== 'string' || value === undefined)
      throw shapeError('an end');
    entries.push({ eventMicros, eventId, value });
  }
  return { kind: 'ends', entries };
}

function isBefore(entry: End, other: End | undefined): boolean {
  if (other === undefined) return false;
  if (entry.eventMicros !== other.eventMicros) return entry.eventMicros < other.eventMicros;
  return compareText(entry.eventId, other.eventId) < 0;
}
