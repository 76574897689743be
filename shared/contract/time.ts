/**
 * A moment to the microsecond, exact over the years 0001 to 9999: whole milliseconds since the epoch and 0 to 999
 * microseconds on top. A single double of microseconds is exact only until 2255, which is enough for event times
 * (`toMicros`) but not for values of dtype timestamp.
 */
export interface Time {
  readonly millis: number;
  readonly micros: number;
}

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,30}))?)?(?:([Zz])|([+-])(\d{2}):(\d{2}))?)?$/;

const earliestMillis = Date.UTC(2000, 0, 1) - 730_119 * 86_400_000; // 0001-01-01T00:00:00Z
const latestMillis = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Reads RFC 3339 with zone, without one (UTC), a date alone (midnight UTC) or epoch milliseconds as a number. Finer
 * digits than microseconds are cut off. Undefined where it is no time of the years 0001 to 9999.
 */
export function parseTime(given: unknown): Time | undefined {
  if (typeof given === 'number') return fromEpochMillis(given);
  if (typeof given !== 'string') return undefined;
  const match = pattern.exec(given);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', , sign, offsetHour, offsetMinute] =
    match;
  const hours = Number(hour);
  const minutes = Number(minute);
  const seconds = Number(second);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const midnight = midnightMillis(Number(year), Number(month), Number(day));
  if (midnight === undefined) return undefined;
  let offset = 0;
  if (sign !== undefined) {
    if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
    offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -60_000 : 60_000);
  }
  const digits = Number(fraction.slice(0, 6).padEnd(6, '0'));
  const millis = midnight + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + Math.floor(digits / 1000) - offset;
  return inRange(millis) ? { millis, micros: digits % 1000 } : undefined;
}

/** Microseconds since the epoch; exact from 1684 to 2255. */
export function toMicros(time: Time): number {
  return time.millis * 1000 + time.micros;
}

export function fromMicros(epochMicros: number): Time {
  const millis = Math.floor(epochMicros / 1000);
  return { millis, micros: epochMicros - millis * 1000 };
}

/** RFC 3339 in UTC with three digits, six where there are microseconds. */
export function formatTime(time: Time): string {
  const text = new Date(time.millis).toISOString();
  return time.micros === 0 ? text : `${text.slice(0, -1)}${String(time.micros).padStart(3, '0')}Z`;
}

export function formatMicros(epochMicros: number): string {
  return formatTime(fromMicros(epochMicros));
}

/** By its decimal digits, as a text's: 0.001 after a whole millisecond of today is a double below it, and would be 0 by multiplying. */
function fromEpochMillis(given: number): Time | undefined {
  if (!Number.isFinite(given)) return undefined;
  const whole = Math.trunc(given);
  if (whole === given) return inRange(given) ? { millis: given, micros: 0 } : undefined;
  // Below 1e-6 the text has an exponent.
  const [, digits = ''] = Math.abs(given) < 1e-6 ? [] : String(given).split('.');
  const micros = Number(digits.slice(0, 3).padEnd(3, '0'));
  const time = given < 0 && micros > 0 ? { millis: whole - 1, micros: 1000 - micros } : { millis: whole, micros };
  return inRange(time.millis) ? time : undefined;
}

function midnightMillis(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  // Date.UTC takes years 0 to 99 for 1900 to 1999, so the year is set apart.
  const date = new Date(0);
  const millis = date.setUTCFullYear(year, month - 1, day);
  return date.getUTCDate() === day ? millis : undefined;
}

function inRange(millis: number): boolean {
  return millis >= earliestMillis && millis <= latestMillis;
}
