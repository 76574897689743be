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
  const canonical = parseCanonical(given);
  if (canonical !== undefined) return canonical;
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

/** A text as toISOString and formatTime write it for whole milliseconds: `2026-01-31T12:00:00.000Z`. */
const canonicalLength = 24;

/**
 * Such a text, in a fifth of the time that the pattern takes; most times are written so. Undefined for all others, and for
 * those of dates that there are none of.
 */
function parseCanonical(text: string): Time | undefined {
  if (text.length !== canonicalLength || text.charCodeAt(10) !== 84 || text.charCodeAt(23) !== 90) return undefined;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58 || text.charCodeAt(19) !== 46) return undefined;
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 2);
  const day = digitsAt(text, 8, 2);
  const hour = digitsAt(text, 11, 2);
  const minute = digitsAt(text, 14, 2);
  const second = digitsAt(text, 17, 2);
  const milli = digitsAt(text, 20, 3);
  // A sum with NaN is no number that is at least 0.
  if (!(year + month + day + hour + minute + second + milli >= 0)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  // Days up to the 28th are of every month; Date.UTC takes years from 100 on for what they are.
  const midnight =
    year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 28
      ? Date.UTC(year, month - 1, day)
      : midnightMillis(year, month, day);
  if (midnight === undefined) return undefined;
  const millis = midnight + hour * 3_600_000 + minute * 60_000 + second * 1000 + milli;
  return inRange(millis) ? { millis, micros: 0 } : undefined;
}

/** NaN where one of them is no digit. */
function digitsAt(text: string, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
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
export function formatTime({ millis, micros }: Time): string {
  const day = Math.floor(millis / millisPerDay);
  if (day !== lastDay) {
    lastDay = day;
    lastDate = new Date(day * millisPerDay).toISOString().slice(0, -14);
  }
  const ofDay = millis - day * millisPerDay;
  const seconds = Math.floor(ofDay / 1000);
  const minutes = Math.floor(seconds / 60);
  const clock = `${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}`;
  const text = `${lastDate}T${clock}.${threeDigits(ofDay % 1000)}`;
  return micros === 0 ? `${text}Z` : `${text}${threeDigits(micros)}Z`;
}

const millisPerDay = 86_400_000;

/** The date of the last day written, since most times are of today: a fifth of what toISOString takes, which each answer has in it. */
let lastDay = Number.NaN;
let lastDate = '';

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

function threeDigits(number: number): string {
  return number < 100 ? `0${twoDigits[number] ?? number}` : String(number);
}

/** As formatTime of what `given` was read as; `given` itself where it is written so already, as most times are. */
export function formatGiven(given: unknown, time: Time): string {
  const isCanonical = typeof given === 'string' && given.length === canonicalLength && given.charCodeAt(10) === 84;
  return isCanonical && given.charCodeAt(23) === 90 ? given : formatTime(time);
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
