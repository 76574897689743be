import { isPartText, mergeParts } from './part-text.ts';

/**
 * What a field of the cache holds: a row's JSON text, which begins with its order `[event_time_us,created_at_us`; the
 * mark of an entity known to be absent, `!` and the epoch milliseconds until which that is believed; or a text of parts,
 * of which each has an order of its own (part-text.ts); or a count.
 */

/** Offered to a field that counts: it then holds one more than before, from 1 on. */
export const oneMore = '+';

/** Milliseconds for which an absence is believed. */
export const absenceMillis = 5000;

export function encodeAbsence(nowMicros: number): string {
  return `!${Math.floor(nowMicros / 1000) + absenceMillis}`;
}

export function isAbsence(stored: string): boolean {
  return stored.charCodeAt(0) === 33;
}

/** Whether a mark of absence still counts. */
export function isAbsenceCurrent(stored: string, nowMicros: number): boolean {
  return Number(stored.slice(1)) * 1000 > nowMicros;
}

/**
 * What stands in a field once `offered` has come where `stored` was; undefined where nothing changes. The rule of the Lua
 * script, which a test holds against this one.
 */
export function newestOf(offered: string, stored: string | undefined): string | undefined {
  if (offered === oneMore) return String(Number(stored ?? 0) + 1);
  if (stored !== undefined && isPartText(offered) && isPartText(stored)) return mergeParts(offered, stored);
  return replaces(offered, stored) ? offered : undefined;
}

function replaces(offered: string, stored: string | undefined): boolean {
  if (stored === undefined || isAbsence(stored)) return true;
  if (isAbsence(offered)) return false;
  const [offeredEvent, offeredCreated] = orderOf(offered);
  const [storedEvent, storedCreated] = orderOf(stored);
  return offeredEvent === storedEvent ? offeredCreated > storedCreated : offeredEvent > storedEvent;
}

function orderOf(row: string): [eventMicros: number, createdMicros: number] {
  const first = row.indexOf(',');
  const second = row.indexOf(',', first + 1);
  return [Number(row.slice(1, first)), Number(row.slice(first + 1, second === -1 ? row.indexOf(']') : second))];
}
