import { readWindows, type WindowsRead } from '../aggregation/index.ts';
import type { StoredRow } from '../values/index.ts';

/**
 * What windows answer, in the shape of a stored row: a text for each position that was asked, undefined where no event is
 * in the window, and the event time of each. The row's own event time is the newest of them, NaN without any.
 */
export function windowRow(read: WindowsRead, positions: readonly number[]): StoredRow {
  return rowOf([[read, positions]]);
}

/** Of several reads, each with its positions. */
export function rowOf(reads: readonly (readonly [read: WindowsRead, positions: readonly number[]])[]): StoredRow {
  const values: (string | undefined)[] = [];
  const eventTimes: (number | null)[] = [];
  let newest = Number.NaN;
  for (const [read, positions] of reads) {
    for (const [place, { value, status, eventMicros }] of readWindows(read).entries()) {
      const position = positions[place];
      if (position === undefined) continue;
      values[position] = status === 'NOT_FOUND' ? undefined : JSON.stringify(value);
      eventTimes[position] = eventMicros;
      if (eventMicros !== null && !(eventMicros <= newest)) newest = eventMicros;
    }
  }
  return { eventMicros: newest, createdMicros: 0, revision: 0, values, eventTimes };
}
