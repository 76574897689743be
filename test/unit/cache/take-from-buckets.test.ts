import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LimitAnswer, type LimitBucket, takeFromBuckets } from '../../../shared/cache/take-from-buckets.ts';
import { takenNaively } from '../../support/naive-limits.ts';

/** A year or so after that of which the script counts: what a double holds to 0.004 µs. */
const startMicros = 32_000_000_000_000;

function bucketOf(requestsPerSecond: number, burst: number): LimitBucket {
  return { keyId: undefined, intervalMicros: 1_000_000 / requestsPerSecond, burst };
}

/** One after the other, each at its time. */
function takeAll(buckets: readonly LimitBucket[], requestMicros: readonly number[]): LimitAnswer[] {
  let full: readonly (number | undefined)[] = [];
  return requestMicros.map((nowMicros) => {
    const taken = takeFromBuckets(buckets, full, nowMicros);
    full = taken.fullMicros;
    return taken.answer;
  });
}

const isTaken = ({ refusedBy }: LimitAnswer): boolean => refusedBy === undefined;

/** Whole tens of microseconds, far from the slack. */
const tens = (max: number) => fc.integer({ min: 0, max }).map((count) => count * 10);
const bucket = fc.record({
  keyId: fc.constant(undefined),
  intervalMicros: fc.integer({ min: 1, max: 5000 }).map((count) => count * 10),
  burst: fc.integer({ min: 1, max: 8 }),
});
const times = fc.array(tens(3000), { maxLength: 80 }).map((pauses) => {
  let nowMicros = startMicros;
  return pauses.map((pause) => {
    nowMicros += pause;
    return nowMicros;
  });
});

test('the same requests are taken as a count of all that were taken before says', () => {
  fc.assert(
    fc.property(fc.array(bucket, { minLength: 1, maxLength: 3 }), times, (buckets, requestMicros) => {
      expect(takeAll(buckets, requestMicros).map(isTaken)).toEqual(takenNaively(buckets, requestMicros));
    }),
    { numRuns: 2000 },
  );
});

test('no span of time has more than its rate and one burst, whatever the rate', () => {
  const rate = fc.double({ min: 0.01, max: 100_000, noNaN: true });
  const gaps = fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(rate, fc.integer({ min: 1, max: 20 }), gaps, (perSecond, burst, pauses) => {
      let nowMicros = startMicros;
      const requestMicros = pauses.map((pause) => {
        nowMicros += pause;
        return nowMicros;
      });
      const answers = takeAll([bucketOf(perSecond, burst)], requestMicros);
      const taken = requestMicros.filter((_, index) => answers[index] && isTaken(answers[index]));
      for (const [from, first] of taken.entries()) {
        for (const [more, last] of taken.slice(from).entries()) {
          // A microsecond of slack, and what doubles round.
          expect(more + 1).toBeLessThanOrEqual(burst + ((last - first + 2) * perSecond) / 1_000_000 + 1e-6);
        }
      }
    }),
  );
});

test('whoever is refused is taken after the time that the answer says, and not much before', () => {
  fc.assert(
    fc.property(fc.array(bucket, { minLength: 1, maxLength: 3 }), times, (buckets, requestMicros) => {
      let full: readonly (number | undefined)[] = [];
      for (const nowMicros of requestMicros) {
        const { answer, fullMicros } = takeFromBuckets(buckets, full, nowMicros);
        if (!isTaken(answer)) {
          expect(isTaken(takeFromBuckets(buckets, fullMicros, nowMicros + answer.retryMicros).answer)).toBe(true);
          expect(isTaken(takeFromBuckets(buckets, fullMicros, nowMicros + answer.retryMicros - 3).answer)).toBe(false);
        }
        full = fullMicros;
      }
    }),
  );
});

test('as many requests as remain are taken at once, and not one more', () => {
  fc.assert(
    fc.property(bucket, times, (one, requestMicros) => {
      const last = requestMicros.at(-1) ?? startMicros;
      const answers = takeAll([one], requestMicros);
      const remaining = answers.at(-1)?.buckets[0]?.remaining ?? one.burst;
      const more = takeAll([one], [...requestMicros, ...Array<number>(remaining + 1).fill(last)]);
      expect(more.slice(requestMicros.length).map(isTaken)).toEqual([...Array<boolean>(remaining).fill(true), false]);
    }),
  );
});

test('a burst is taken at once of rates that are no whole microseconds, exact up to a hundred and then to a thousandth', () => {
  for (const perSecond of [3, 7, 70_000, 99_999]) {
    for (const burst of [1, 3, 100, 10_000]) {
      const taken = takeAll([bucketOf(perSecond, burst)], Array<number>(burst + 20).fill(startMicros)).filter(isTaken);
      expect(Math.abs(taken.length - burst)).toBeLessThanOrEqual(burst <= 100 ? 0 : burst / 1000);
    }
  }
});

test('a request that one bucket refuses takes nothing from the other', () => {
  const [wide, narrow] = [bucketOf(1, 5), bucketOf(1, 1)];
  const answers = takeAll([wide, narrow], [startMicros, startMicros, startMicros]);
  expect(answers.map(({ refusedBy }) => refusedBy)).toEqual([undefined, 1, 1]);
  expect(answers.map(({ buckets }) => buckets[0]?.remaining)).toEqual([4, 4, 4]);
});

test('of two buckets that refuse, the one to wait for longest is told', () => {
  const answers = takeAll([bucketOf(10, 1), bucketOf(1, 1)], [startMicros, startMicros]);
  expect(answers.at(-1)).toMatchObject({ refusedBy: 1, retryMicros: 1_000_000 });
});

test('a clock that is set back closes a bucket for as long as it takes to fill, not longer', () => {
  const one = bucketOf(10, 5);
  const anHour = 3_600_000_000;
  const answers = takeAll([one], [startMicros + anHour, startMicros, startMicros + 100_000, startMicros + 100_000]);
  expect(answers.map(isTaken)).toEqual([true, false, true, false]);
});

test('a limit that was lowered leaves no longer wait than an empty bucket of the new one', () => {
  const { fullMicros } = takeFromBuckets([bucketOf(1, 1000)], [startMicros + 999_000_000], startMicros);
  const { answer } = takeFromBuckets([bucketOf(10, 5)], fullMicros, startMicros);
  expect(answer).toMatchObject({ refusedBy: 0, retryMicros: 100_000 });
});
