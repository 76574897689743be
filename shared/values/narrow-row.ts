import type { PlannedFeature } from '../registry/index.ts';
import { type StoredRow, statusOf } from './stored-row.ts';

export interface NarrowedRow {
  readonly row: StoredRow;
  /** Characters of the values that are left: an answer has at least these. */
  readonly length: number;
}

/**
 * A row with nothing but the values that an answer as of this moment writes: those of other features are left out, as are
 * those out of their TTL. `statusOf` says the same of it as of the whole row. `wanted` are features of the row's table.
 */
export function narrowRow(
  row: StoredRow,
  wanted: readonly PlannedFeature[],
  asOfMicros: number,
  copy = (value: string): string => value,
): NarrowedRow {
  const values: (string | undefined)[] = [];
  const isKept: (boolean | undefined)[] = [];
  let length = 0;
  for (const { feature, ttlMicros } of wanted) {
    const { position } = feature;
    const value = row.values[position];
    // The same feature may be within its TTL by another name.
    if (value === undefined || isKept[position]) continue;
    if (statusOf(row, position, ttlMicros, asOfMicros) === 'OUTSIDE_MAX_AGE') {
      // Without a text a window has no event, whatever its age.
      if (row.eventTimes !== undefined) values[position] = 'null';
      continue;
    }
    isKept[position] = true;
    values[position] = copy(value);
    length += value.length;
  }
  return { row: { ...row, values }, length };
}

/** A text by itself: a slice keeps the whole text that it is of in memory. */
export function copyText(text: string): string {
  return Buffer.from(text).toString();
}
