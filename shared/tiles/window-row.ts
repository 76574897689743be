import { type JsonValue, readWindows, type WindowsRead, type WindowValue } from '../aggregation/index.ts';
import type { StoredRow } from '../values/index.ts';
import { numberText } from './number-text.ts';

/**
 * What windows answer, in the shape of a stored row: a text for each position that was asked, undefined where no event is
 * in the window, and the event time of each. The row's own event time is the newest of them, NaN without any.
 */
export function windowRow(read: WindowsRead, positions: readonly number[]): StoredRow {
  return rowOf([[readWindows(read), positions]]);
}

/** Of several reads, each with its positions. */
export function rowOf(
  reads: readonly (readonly [windows: readonly WindowValue[], positions: readonly number[]])[],
): StoredRow {
  const values: (string | undefined)[] = [];
  const eventTimes: (number | null)[] = [];
  let newest = Number.NaN;
  for (const [windows, positions] of reads) {
    for (let place = 0; place < windows.length; place++) {
      const position = positions[place];
      const window = windows[place];
      if (position === undefined || window === undefined) continue;
      const { value, status, eventMicros } = window;
      values[position] = status === 'NOT_FOUND' ? undefined : jsonTextOf(value);
      eventTimes[position] = eventMicros;
      if (eventMicros !== null && !(eventMicros <= newest)) newest = eventMicros;
    }
  }
  return { eventMicros: newest, createdMicros: 0, revision: 0, values, eventTimes };
}

/** A number is finite here, and what String makes of it is JSON. */
function jsonTextOf(value: JsonValue): string {
  return typeof value === 'number' ? numberText(value) : JSON.stringify(value);
}
