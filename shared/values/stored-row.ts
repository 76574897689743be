import type { FeatureStatus } from '../contract/online.ts';
import { copyPresent, splitJsonArray } from './json-array.ts';

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
  /**
   * The texts of the first so many values, with the commas between them, as one text; undefined where one of them is null or not
   * there. Rows that are not stored so have no such text.
   */
  presentText?(count: number): string | undefined;
}

export function parseStoredRow(text: string): StoredRow {
  return new TextRow(text);
}

/** Taken apart only where a value is asked for by itself. */
class TextRow implements StoredRow {
  readonly eventMicros: number;
  readonly createdMicros: number;
  readonly revision: number;
  readonly #text: string;
  /** Where the first value begins. */
  readonly #first: number;
  #values: readonly string[] | undefined;

  constructor(text: string) {
    const created = text.indexOf(',') + 1;
    const revision = text.indexOf(',', created) + 1;
    const end = text.indexOf(',', revision);
    this.#text = text;
    this.#first = end === -1 ? text.length : end + 1;
    this.eventMicros = Number(text.slice(1, created - 1));
    this.createdMicros = Number(text.slice(created, revision - 1));
    this.revision = Number(text.slice(revision, this.#first - 1));
  }

  get values(): readonly string[] {
    this.#values ??= splitJsonArray(this.#text, this.#first);
    return this.#values;
  }

  presentText(count: number): string | undefined {
    return copyPresent(this.#text, this.#first, count);
  }
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
  if (isOutsideMaxAge(row, ttlMicros, asOfMicros)) return 'OUTSIDE_MAX_AGE';
  const value = row.values[position];
  if (value === undefined) return 'NOT_FOUND';
  return value === 'null' ? 'NULL_VALUE' : 'PRESENT';
}

/** Whether the row as a whole is older than the TTL, so that it is said of each of its features. Not of windows, whose ages differ. */
export function isOutsideMaxAge({ eventMicros }: StoredRow, ttlMicros: number, asOfMicros: number): boolean {
  return asOfMicros - eventMicros > ttlMicros;
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
