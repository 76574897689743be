import { describe, expect, test } from 'vitest';
import { ageSeconds, isStale } from '../../../shared/platform/freshness.ts';

const nowMicros = 1_700_000_000_000_000;

describe('a view is stale', () => {
  test.each([
    ['when its newest data is older than it may be, by however little', 60_000_001, 60, true],
    ['not when it is just as old as it may be', 60_000_000, 60, false],
    ['not when it is newer', 59_999_999, 60, false],
    ['not while its newest data is still to come', -30_000_000, 60, false],
    ['by the microsecond after thirty years too', 946_080_000_000_001, 946_080_000, true],
    ['never where data may be of any age', 946_080_000_000_001, null, false],
  ])('%s', (_rule, ageMicros, maxStalenessSeconds, expected) => {
    expect(isStale({ newestEventMicros: nowMicros - ageMicros, maxStalenessSeconds }, nowMicros)).toBe(expected);
  });

  test('never before it is written', () => {
    expect(isStale({ newestEventMicros: null, maxStalenessSeconds: 1 }, nowMicros)).toBe(false);
  });
});

test('an age is in seconds and never negative', () => {
  expect(ageSeconds(nowMicros - 1_500_000, nowMicros)).toBe(1.5);
  expect(ageSeconds(nowMicros + 1_500_000, nowMicros)).toBe(0);
});
