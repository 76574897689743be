import { expect, test } from 'vitest';
import { createLocalLimits, type LimitCommand } from '../../../shared/cache/index.ts';

function limitOf(tenantId: string, burst: number): LimitCommand {
  return { kind: 'limit', tenantId, buckets: [{ keyId: undefined, intervalMicros: 1_000_000, burst }] };
}

test('a burst is taken, and one more for each second that passes', () => {
  let nowMicros = 0;
  const take = createLocalLimits({ nowMicros: () => nowMicros });
  const isTaken = (): boolean => take(limitOf('a', 2)).refusedBy === undefined;
  expect([isTaken(), isTaken(), isTaken()]).toEqual([true, true, false]);
  nowMicros += 1_000_000;
  expect([isTaken(), isTaken()]).toEqual([true, false]);
  nowMicros += 10_000_000;
  expect([isTaken(), isTaken(), isTaken()]).toEqual([true, true, false]);
});

test('of too many tenants the one that asked longest ago is forgotten, and has a whole burst again', () => {
  const take = createLocalLimits({ nowMicros: () => 0, maxBuckets: 2 });
  const isTaken = (tenantId: string): boolean => take(limitOf(tenantId, 1)).refusedBy === undefined;
  expect(['a', 'b', 'a', 'c'].map(isTaken)).toEqual([true, true, false, true]);
  expect(isTaken('a')).toBe(false);
  expect(isTaken('b')).toBe(true);
});
