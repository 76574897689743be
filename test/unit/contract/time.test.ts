import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatMicros, formatTime, fromMicros, parseTime, toMicros } from '../../../shared/contract/time.ts';

const earliest = Date.parse('0001-01-01T00:00:00Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');
const anyMillis = fc.oneof(
  fc.integer({ min: earliest, max: latest }),
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.constantFrom(earliest, latest, Date.parse('2000-02-29T23:59:59.999Z'), Date.parse('1900-02-28T00:00:00Z')),
);

const digitsOf = (value: number, digits: number) => String(value).padStart(digits, '0');

describe('parseTime', () => {
  test('reads what Date writes, with any offset, separator and case', () => {
    const forms = fc.record({
      millis: anyMillis.filter((millis) => millis > earliest + 86_400_000 && millis < latest - 86_400_000),
      offsetMinutes: fc.integer({ min: -(23 * 60 + 59), max: 23 * 60 + 59 }),
      separator: fc.constantFrom('T', 't', ' '),
      zulu: fc.constantFrom('Z', 'z', ''),
    });
    fc.assert(
      fc.property(forms, ({ millis, offsetMinutes, separator, zulu }) => {
        const time = { millis, micros: 0 };
        const utc = new Date(millis).toISOString().slice(0, -1).replace('T', separator);
        expect(parseTime(`${utc}${zulu}`)).toEqual(time);
        const local = new Date(millis + offsetMinutes * 60_000).toISOString().slice(0, -1).replace('T', separator);
        const size = Math.abs(offsetMinutes);
        const zone = `${digitsOf(Math.floor(size / 60), 2)}:${digitsOf(size % 60, 2)}`;
        expect(parseTime(`${local}${offsetMinutes < 0 ? '-' : '+'}${zone}`)).toEqual(time);
      }),
      { numRuns: 2000 },
    );
  });

  test('knows the days of every month of every year, as Date does', () => {
    const dates = fc.record({ year: fc.integer({ min: 1, max: 9999 }), month: fc.nat(13), day: fc.nat(32) });
    fc.assert(
      fc.property(dates, ({ year, month, day }) => {
        const text = `${digitsOf(year, 4)}-${digitsOf(month, 2)}-${digitsOf(day, 2)}`;
        const date = new Date(`${text}T00:00:00Z`);
        // Date takes the 30th of February for the 1st of March.
        const isReal = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
        expect(parseTime(text)).toEqual(isReal ? { millis: date.getTime(), micros: 0 } : undefined);
      }),
      { numRuns: 5000 },
    );
  });

  test('keeps six digits of a second and cuts off the others, before 1970 too', () => {
    const fractions = fc.record({ millis: anyMillis, digits: fc.stringMatching(/^\d{1,30}$/) });
    fc.assert(
      fc.property(fractions, ({ millis, digits }) => {
        const second = Math.floor(millis / 1000) * 1000;
        const text = `${new Date(second).toISOString().slice(0, 19)}.${digits}Z`;
        const micros = Number(digits.slice(0, 6).padEnd(6, '0'));
        expect(parseTime(text)).toEqual({ millis: second + Math.floor(micros / 1000), micros: micros % 1000 });
      }),
      { numRuns: 2000 },
    );
  });

  test('reads epoch milliseconds, whole ones exactly', () => {
    fc.assert(
      fc.property(anyMillis, (millis) => {
        expect(parseTime(millis)).toEqual({ millis, micros: 0 });
      }),
    );
  });

  test('reads the digits after the point of epoch milliseconds as they were written', () => {
    const given = fc.record({
      millis: fc.integer({ min: 1, max: 4_000_000_000_000 }),
      micros: fc.integer({ min: 1, max: 999 }),
    });
    fc.assert(
      fc.property(given, ({ millis, micros }) => {
        expect(parseTime(Number(`${millis}.${digitsOf(micros, 3)}`))).toEqual({ millis, micros });
        const negative = parseTime(Number(`-${millis}.${digitsOf(micros, 3)}`));
        expect(negative).toEqual({ millis: -millis - 1, micros: 1000 - micros });
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    [0.0009, { millis: 0, micros: 0 }],
    [0.9999, { millis: 0, micros: 999 }],
    [1e-7, { millis: 0, micros: 0 }],
    [1.5e-9, { millis: 0, micros: 0 }],
    [earliest + 0.5, { millis: earliest, micros: 500 }],
  ])('reads %d', (given, time) => {
    expect(parseTime(given)).toEqual(time);
  });

  test.each([-1e-17, -0.0001])('reads %d, a hair before 1970, as 1970', (given) => {
    const time = parseTime(given);
    expect(time === undefined ? undefined : formatTime(time)).toBe('1970-01-01T00:00:00.000Z');
  });

  test.each([NaN, Infinity, -Infinity, earliest - 1, earliest - 0.5, latest + 1, 8.64e15, 1e300])(
    'refuses the number %d',
    (given) => {
      expect(parseTime(given)).toBeUndefined();
    },
  );

  test.each([undefined, null, true, {}, [], [2026], 5n, new Date(0)])('refuses %s, which is no text', (given) => {
    expect(parseTime(given)).toBeUndefined();
  });

  test.each([
    '',
    ' ',
    '2026',
    '2026-01',
    '2026-1-01',
    '2026-01-1',
    '26-01-01',
    '+2026-01-01',
    '-2026-01-01',
    '02026-01-01',
    '0000-12-31',
    '10000-01-01',
    '2026-00-01',
    '2026-13-01',
    '2026-01-00',
    '2026-01-32',
    '2026-04-31',
    '2025-02-29',
    '1900-02-29',
    '2026/01/01',
    '2026-01-01T',
    '2026-01-01Z',
    '2026-01-01+00:00',
    '2026-01-01T12',
    '2026-01-01T12Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:60:00Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01T1:00:00Z',
    '2026-01-01T12:00:00.',
    '2026-01-01T12:00:00.Z',
    '2026-01-01T12:00:00,5Z',
    '2026-01-01T12:00:00+0000',
    '2026-01-01T12:00:00+00',
    '2026-01-01T12:00:00+1:00',
    '2026-01-01T12:00:00+24:00',
    '2026-01-01T12:00:00+00:60',
    '2026-01-01T12:00:00 Z',
    '2026-01-01T12:00:00ZZ',
    '2026-01-01T12:00:00[Europe/Berlin]',
    '2026-01-01  12:00:00',
    '2026-01-01_12:00:00',
    '2026-01-01T12:00:00Z\n',
    '\t2026-01-01',
    'Thu, 01 Jan 2026 12:00:00 GMT',
    '٢٠٢٦-01-01',
    '2026\u201301\u201301',
    'infinity',
    'now',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
  ])('refuses %j', (given) => {
    expect(parseTime(given)).toBeUndefined();
  });
});

describe('formatTime', () => {
  const anyTime = fc.record({ millis: anyMillis, micros: fc.oneof(fc.constant(0), fc.nat(999)) });

  test('writes UTC with Z and three digits, six where there are microseconds, and parseTime reads it back', () => {
    fc.assert(
      fc.property(anyTime, (time) => {
        const text = formatTime(time);
        expect(text).toMatch(
          time.micros === 0 ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
        );
        expect(parseTime(text)).toEqual(time);
      }),
      { numRuns: 2000 },
    );
  });

  test('texts of one length sort as their times do', () => {
    fc.assert(
      fc.property(anyMillis, anyMillis, (a, b) => {
        const [first, second] = [formatTime({ millis: a, micros: 1 }), formatTime({ millis: b, micros: 1 })];
        expect(first < second).toBe(a < b);
      }),
    );
  });
});

describe('microseconds since the epoch', () => {
  test('are exact from 1970 to 2255, there and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2255, 0, 1) * 1000 - 1 }), (micros) => {
        expect(toMicros(fromMicros(micros))).toBe(micros);
        const time = parseTime(formatMicros(micros));
        expect(time === undefined ? undefined : toMicros(time)).toBe(micros);
      }),
      { numRuns: 2000 },
    );
  });

  test('are told apart before 1970 too', () => {
    expect(fromMicros(-1)).toEqual({ millis: -1, micros: 999 });
    expect(formatMicros(-1)).toBe('1969-12-31T23:59:59.999999Z');
  });
});
