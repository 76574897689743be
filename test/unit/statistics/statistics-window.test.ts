import { describe, expect, test } from 'vitest';
import type { Time } from '../../../shared/contract/time.ts';
import { hoursOf, statisticsWindow } from '../../../shared/statistics/statistics-window.ts';

const hour = 3_600_000_000;
const now = Date.UTC(2026, 5, 15, 12, 30) * 1000;
const time = (micros: number): Time => ({ millis: micros / 1000, micros: 0 });
const windowOf = (from?: number, to?: number) =>
  statisticsWindow(
    {
      feature: 'age',
      ...(from === undefined ? {} : { from: time(from) }),
      ...(to === undefined ? {} : { to: time(to) }),
    },
    now,
  );

describe('the window', () => {
  test('is up to now and the 24 hours before, where the request says neither', () => {
    expect(windowOf()).toEqual({ fromMicros: now - 24 * hour, toMicros: now });
    expect(windowOf(undefined, now - hour)).toEqual({ fromMicros: now - 25 * hour, toMicros: now - hour });
    expect(windowOf(now - hour)).toEqual({ fromMicros: now - hour, toMicros: now });
  });

  test('has at least a moment and at most 10,000 hours', () => {
    expect(windowOf(now - 10_000 * hour)).toMatchObject({ toMicros: now });
    expect(() => windowOf(now - 10_000 * hour - 1000)).toThrow('at most 10000 hours before to');
    expect(() => windowOf(now)).toThrow('must be before now');
    expect(() => windowOf(now - hour, now - hour)).toThrow('must be before to');
  });
});

describe('the hours', () => {
  test('are those of which any part is in the window', () => {
    const asked = hoursOf({ fromMicros: now, toMicros: now + hour }, undefined);
    expect(asked).toEqual({ fromMicros: now - hour / 2, toMicros: now + hour });
    expect(hoursOf({ fromMicros: now - hour / 2, toMicros: now }, undefined).fromMicros).toBe(now - hour / 2);
  });

  test('that end by the horizon are not among them', () => {
    const window = { fromMicros: now - 100 * hour, toMicros: now };
    expect(hoursOf(window, now - 10 * hour).fromMicros).toBe(now - 10.5 * hour);
    expect(hoursOf(window, now - 10.5 * hour).fromMicros).toBe(now - 10.5 * hour);
    expect(hoursOf(window, now - 200 * hour).fromMicros).toBe(now - 100.5 * hour);
  });
});
