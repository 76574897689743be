import type { FeatureStatus } from '../contract/online.ts';

/**
 * A row as the cache and `latest` hold it, `[event_time_us,created_at_us,revision,v1,v2,…]`, taken apart: each value stays
 * the JSON text that it is, since answers are JSON text too and reading a number only to write it again costs more than
 * all the rest of a read. The values stand in the order of the table's columns and as answers write them; a row written
 * before a column was added is shorter than those written after. Microseconds are exact as doubles until 2255.
 */
export interface StoredRow {
  readonly eventMicros: number;
  readonly createdMicros: number;
  readonly revision: number;
  /** JSON text by position of the feature; undefined where the row never had it, or where it was not asked for. */
  readonly values: readonly (string | undefined)[];
  /**
   * Of what a stream view's windows answer alone, by position: when the newest counted event happened, null where none was.
   * There a value is undefined where its window has no event, and `eventMicros` is the newest of all, NaN without any.
   */
  readonly eventTimes?: readonly (number | null | undefined)[];
}

export function parseStoredRow(text: string): StoredRow {
  const [eventMicros, createdMicros, revision, ...values] = splitJsonArray(text);
  return { eventMicros: Number(eventMicros), createdMicros: Number(createdMicros), revision: Number(revision), values };
}

/**
 * The status of one feature, by the rules of docs/semantics.md section 1 in their order. `row` is the greatest row by
 * (event time, created at) among those that count, or undefined; `ttlMicros` is Infinity where there is no TTL.
 * The value stands at `row.values[position]` and is answered only where the status is PRESENT.
 */
export function statusOf(
  row: StoredRow | undefined,
  position: number,
  ttlMicros: number,
  asOfMicros: number,
): FeatureStatus {
  if (row === undefined) return 'NOT_FOUND';
  if (row.eventTimes !== undefined)
    return windowStatusOf(row.values[position], row.eventTimes[position], ttlMicros, asOfMicros);
  if (asOfMicros - row.eventMicros > ttlMicros) return 'OUTSIDE_MAX_AGE';
  const value = row.values[position];
  if (value === undefined) return 'NOT_FOUND';
  return value === 'null' ? 'NULL_VALUE' : 'PRESENT';
}

/** Section 4: a count of 0 is a value too, and without an event there is no age. */
function windowStatusOf(
  value: string | undefined,
  eventMicros: number | null | undefined,
  ttlMicros: number,
  asOfMicros: number,
): FeatureStatus {
  if (value === undefined) return 'NOT_FOUND';
  if (typeof eventMicros === 'number' && asOfMicros - eventMicros > ttlMicros) return 'OUTSIDE_MAX_AGE';
  return value === 'null' ? 'NULL_VALUE' : 'PRESENT';
}

const quote = 34;
const comma = 44;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/** The elements of an array that JSON.stringify wrote, each as its JSON text. */
export function splitJsonArray(text: string): string[] {
  // Numbers, booleans and nulls hold no comma.
  if (!text.includes('"') && !text.includes('[', 1)) return text.slice(1, -1).split(',');
  const elements: string[] = [];
  let depth = 0;
  let isInString = false;
  let from = 1;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === backslash) at++;
      else if (code === quote) isInString = false;
    } else if (code === quote) isInString = true;
    else if (code === openBracket || code === openBrace) depth++;
    else if ((code === closeBracket || code === closeBrace) && depth > 0) depth--;
    else if (depth === 0 && (code === comma || code === closeBracket)) {
      elements.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return elements;
}
