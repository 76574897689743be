import { describe, expect, test } from 'vitest';
import { hopOf, parseDuration, parseWindow, windowStart } from '../../../shared/aggregation/index.ts';
import { day, hour, midnight, minute, second } from './samples.ts';

describe('a duration', () => {
  test('is a whole number of seconds, minutes, hours or days', () => {
    expect(parseDuration('30s')).toBe(30 * second);
    expect(parseDuration('15m')).toBe(15 * minute);
    expect(parseDuration('24h')).toBe(day);
    expect(parseDuration('7d')).toBe(7 * day);
    expect(parseDuration('3650d')).toBe(3650 * day);
  });

  test('is refused in any other writing, as a value', () => {
    for (const text of [
      '',
      '0s',
      '1',
      'h',
      '1.5h',
      '-1h',
      '+1h',
      '01h',
      ' 1h',
      '1h ',
      '1h\n',
      '1w',
      '1H',
      '1h30m',
      '１h',
    ]) {
      expect(parseDuration(text), JSON.stringify(text)).toMatchObject({ code: 'invalid_window' });
    }
    expect(parseDuration('x'.repeat(1000))).toEqual({
      code: 'invalid_window',
      detail: `a duration is written as 30s, 15m, 24h or 7d, not "${'x'.repeat(20)}…"`,
    });
  });

  test('is at most 3650 days', () => {
    for (const text of ['3651d', '87601h', '9999999999d', '99999999999s']) {
      expect(parseDuration(text), text).toMatchObject({ code: 'invalid_window' });
    }
  });
});

describe('the hop', () => {
  test('follows from the window: 12 d → 1 d; 12 h → 1 h; 1 h → 5 min; below → 1 min', () => {
    expect(hopOf(12 * day)).toBe(day);
    expect(hopOf(12 * day - 1)).toBe(hour);
    expect(hopOf(12 * hour)).toBe(hour);
    expect(hopOf(12 * hour - 1)).toBe(5 * minute);
    expect(hopOf(hour)).toBe(5 * minute);
    expect(hopOf(hour - 1)).toBe(minute);
    expect(hopOf(second)).toBe(minute);
  });

  test('may be a finer one of the view', () => {
    expect(parseWindow('24h', 30 * second)).toEqual({ windowMicros: day, hopMicros: 30 * second });
    expect(parseWindow('30s', 10 * second)).toEqual({ windowMicros: 30 * second, hopMicros: 10 * second });
    expect(parseWindow('24h', hour)).toEqual({ windowMicros: day, hopMicros: hour });
    expect(parseWindow('15m', 5 * minute)).toEqual({
      code: 'invalid_window',
      detail: 'hop 5m is coarser than 1m, the hop of 15m',
    });
  });

  test('divides the window after it is chosen, or the window is refused', () => {
    expect(parseWindow('15m', undefined)).toEqual({ windowMicros: 15 * minute, hopMicros: minute });
    expect(parseWindow('62m', undefined)).toEqual({
      code: 'invalid_window',
      detail: 'window 62m is no multiple of its hop, 5m',
    });
    for (const text of ['90s', '30s', '750m', '289h']) {
      expect(parseWindow(text, undefined), text).toMatchObject({ code: 'invalid_window' });
    }
    expect(parseWindow('90s', 30 * second)).toEqual({ windowMicros: 90 * second, hopMicros: 30 * second });
    expect(parseWindow('24h', 7 * second)).toMatchObject({ detail: 'window 24h is no multiple of its hop, 7s' });
  });
});

describe('the start of a window', () => {
  test('is floor((q - w) / h) * h, from the epoch in UTC', () => {
    const window = { windowMicros: day, hopMicros: hour };
    expect(windowStart(window, midnight)).toBe(midnight - day);
    expect(windowStart(window, midnight + 1)).toBe(midnight - day);
    expect(windowStart(window, midnight - 1)).toBe(midnight - day - hour);
    expect(windowStart({ windowMicros: 30 * day, hopMicros: day }, midnight + 5 * hour)).toBe(midnight - 30 * day);
    expect(windowStart(window, hour)).toBe(-23 * hour);
  });

  test('is before everything for a lifetime', () => {
    expect(windowStart(null, midnight)).toBe(Number.NEGATIVE_INFINITY);
  });
});
