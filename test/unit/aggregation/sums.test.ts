import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../shared/aggregation/index.ts';
import { event, midnight, minute, planOf, readAll, second } from './samples.ts';

/** As text, the sum, average, variance and deviation of values in batches, one event a second. */
function moments(field: string, batches: readonly (readonly JsonValue[])[]): JsonValue[] {
  const plan = planOf((['sum', 'avg', 'variance', 'stddev'] as const).map((name) => ({ function: name, field })));
  let place = 0;
  const events = batches.map((values) => values.map((value) => event(midnight + second * place++, { [field]: value })));
  return readAll(plan, events, midnight + 60 * minute).map(({ value }) => value);
}

/** Any finite double, in 2^-1074ths. */
function units(value: number): bigint {
  let halvings = 0n;
  let whole = value;
  for (; !Number.isInteger(whole); halvings++) whole *= 2;
  return BigInt(whole) << (1074n - halvings);
}

const total = (values: readonly bigint[]) => values.reduce((sum, value) => sum + value, 0n);
const magnitude = (value: bigint) => (value < 0n ? -value : value);

describe('a sum of floats', () => {
  const doubles = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 });

  test('is exact, and rounded once, whatever the magnitudes', () => {
    fc.assert(
      fc.property(doubles, (values) => {
        const [sum] = moments('amount', [values]);
        const exact = total(values.map(units));
        if (typeof sum !== 'number') expect(magnitude(exact)).toBeGreaterThan(units(Number.MAX_VALUE));
        else expect(magnitude(units(sum) - exact) << 53n).toBeLessThanOrEqual(magnitude(exact));
      }),
      { numRuns: 300 },
    );
  });

  test('and the average, variance and deviation are the very same in any order and any split', () => {
    fc.assert(
      fc.property(
        doubles.chain((values) =>
          fc.tuple(
            fc.constant(values),
            fc.shuffledSubarray(values, { minLength: values.length }),
            fc.nat(values.length),
          ),
        ),
        ([values, shuffled, cut]) => {
          expect(moments('amount', [shuffled.slice(cut), shuffled.slice(0, cut)])).toEqual(moments('amount', [values]));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('does not lose what cancels', () => {
    expect(moments('amount', [[1e300, 1, -1e300]])[0]).toBe(1);
    expect(moments('amount', [[1e16, 1, 1e-16, -1e16]])[0]).toBe(1);
    expect(moments('amount', [[1e16, 1e-16, -1e16]])[0]).toBe(1e-16);
    expect(moments('amount', [Array(10).fill(0.1)])[0]).toBe(1);
    // 2^53 + 1 is a tie, which the rest decides.
    expect(moments('amount', [[2 ** 53, 1, 1e-60]])[0]).toBe(2 ** 53 + 2);
    expect(moments('amount', [[-(2 ** 53), -1, -1e-60]])[0]).toBe(-(2 ** 53) - 2);
    expect(moments('amount', [[2 ** 53, 1, -1e-60]])[0]).toBe(2 ** 53);
  });

  test('beyond doubles on the way is the sum all the same; in the end it is null, and the average is not', () => {
    const most = Number.MAX_VALUE;
    expect(moments('amount', [[most, most, -most]]).slice(0, 2)).toEqual([most, most / 3]);
    expect(moments('amount', [[most], [most]])).toEqual([null, most, 0, 0]);
    expect(moments('amount', [[most, -most]])).toEqual([0, 0, null, most]);
  });

  test('has no −0', () => {
    expect(moments('amount', [[-0]])).toEqual([0, 0, 0, 0]);
    const plan = planOf([{ function: 'min', field: 'amount' }]);
    expect(readAll(plan, [[event(midnight, { amount: -0 })]], midnight + 1)).toMatchObject([{ value: 0 }]);
  });
});

describe('a sum of integers', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const written = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));

  test('is exact beyond 2^53; beyond int64 it is null', () => {
    fc.assert(
      fc.property(fc.array(int64, { minLength: 1, maxLength: 6 }), fc.nat(6), (values, cut) => {
        const given = values.map(written);
        const [sum] = moments('quantity', [given.slice(0, cut), given.slice(cut)]);
        const exact = total(values);
        expect(sum).toBe(BigInt.asIntN(64, exact) === exact ? written(exact) : null);
      }),
      { numRuns: 300 },
    );
  });

  test('of the greatest and the least int64 comes back from beyond', () => {
    const most = '9223372036854775807';
    expect(moments('quantity', [[most, 1]])[0]).toBe(null);
    expect(moments('quantity', [[most, 1, -1]])[0]).toBe(most);
    expect(moments('quantity', [[most, '-9223372036854775808']])[0]).toBe(-1);
    expect(moments('quantity', [['-9223372036854775807', -1]])[0]).toBe('-9223372036854775808');
    expect(moments('quantity', [['-9223372036854775808', -1]])[0]).toBe(null);
    expect(moments('quantity', [[9007199254740991, 1]])[0]).toBe('9007199254740992');
  });
});

describe('variance and deviation', () => {
  test('are those of the population', () => {
    expect(
      moments('amount', [
        [2, 4, 4, 4],
        [5, 5, 7, 9],
      ]),
    ).toEqual([40, 5, 4, 2]);
    expect(moments('small', [[5]])).toEqual([5, 5, 0, 0]);
    expect(moments('amount', [[0.1, 0.1, 0.1]]).slice(2)).toEqual([0, 0]);
  });

  test('keep small deviations from large values, where orders of Welford differ by a thousandth', () => {
    const values = fc.array(fc.double({ noNaN: true, min: 1e9, max: 1e9 + 1e-3 }), { minLength: 2, maxLength: 20 });
    const wild = fc.array(fc.double({ noNaN: true, min: -1e150, max: 1e150 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(values, wild), (given) => {
        const [, , variance, deviation] = moments('amount', [given]);
        const all = given.map(units);
        const count = BigInt(all.length);
        const exact = count * total(all.map((value) => value * value)) - total(all) ** 2n;
        const answer = typeof variance === 'number' ? variance : Number.NaN;
        // Below the normal doubles there are fewer digits.
        if (answer > 1e-290) {
          expect(magnitude(((units(answer) * count ** 2n) << 1074n) - exact) << 50n).toBeLessThanOrEqual(exact);
          expect(deviation).toBeCloseTo(Math.sqrt(answer), 9 - Math.log10(Math.sqrt(answer)));
        } else expect(exact >> 2148n).toBeLessThan(1n);
      }),
      { numRuns: 300 },
    );
  });

  test('hold for integers beyond 2^53, and for deviations whose square is beyond doubles', () => {
    const most = '9223372036854775807';
    expect(moments('quantity', [[most, '9223372036854775805']]).slice(2)).toEqual([1, 1]);
    expect(moments('amount', [[1e200, -1e200]]).slice(2)).toEqual([null, 1e200]);
    expect(moments('amount', [[1e-200, -1e-200]]).slice(2)).toEqual([0, 1e-200]);
  });
});
