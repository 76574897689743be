import type { FeatureStatus } from '../contract/online.ts';

/**
 * A row as the cache and `latest` hold it, parsed: `[event_time_us, created_at_us, revision, v1, v2, …]`, the values in
 * the order of the table's columns and as answers write them. Microseconds since the epoch, exact as doubles until 2255.
 * A row written before a column was added is shorter than those written after.
 */
export type StoredRow = readonly [eventMicros: number, createdMicros: number, revision: number, ...values: unknown[]];

/** Elements before the first value. */
export const rowHead = 3;

export function parseStoredRow(text: string): StoredRow {
  return JSON.parse(text);
}

/**
 * The status of one feature, by the rules of docs/semantics.md section 1 in their order. `row` is the greatest row by
 * (event time, created at) among those that count, or undefined; `ttlMicros` is Infinity where there is no TTL.
 * The value stands at `row[rowHead + position]` and is answered only where the status is PRESENT.
 */
export function statusOf(
  row: StoredRow | undefined,
  position: number,
  ttlMicros: number,
  asOfMicros: number,
): FeatureStatus {
  if (row === undefined) return 'NOT_FOUND';
  if (asOfMicros - row[0] > ttlMicros) return 'OUTSIDE_MAX_AGE';
  const value = row[rowHead + position];
  if (value === undefined) return 'NOT_FOUND';
  return value === null ? 'NULL_VALUE' : 'PRESENT';
}
