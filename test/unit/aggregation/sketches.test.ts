import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createFrequent,
  decodeFrequent,
  encodeFrequent,
  foldFrequent,
  mergeFrequent,
} from '../../../shared/aggregation/frequent.ts';
import { addToRegisters, createRegisters, estimate } from '../../../shared/aggregation/hyperloglog.ts';
import type { Aggregation, JsonValue } from '../../../shared/aggregation/index.ts';
import { naiveAggregate } from './naive-aggregate.ts';
import { event, hour, midnight, planOf, readAll } from './samples.ts';

/** What an aggregation of one field answers of values in batches, spread over four hours. */
function answer(aggregation: Aggregation, batches: readonly (readonly JsonValue[])[]): JsonValue {
  const { field = '' } = aggregation;
  let place = 0;
  const events = batches.map((values) =>
    values.map((value) => event(midnight + (place++ % 4) * hour, { [field]: value })),
  );
  return readAll(planOf([aggregation]), events, midnight + 4 * hour)[0]?.value ?? null;
}

const range = (count: number): number[] => [...Array(count).keys()];

/** Several ways of dividing the same values, in several orders. */
function splits(values: readonly JsonValue[]): JsonValue[][][] {
  const backwards = values.toReversed();
  const alternating = [0, 1, 2].map((rest) => values.filter((_, index) => index % 3 === rest));
  return [[[...values]], [backwards.slice(0, 700), backwards.slice(700)], alternating];
}

describe('count_distinct', () => {
  const aggregation: Aggregation = { function: 'count_distinct', field: 'text' };

  test('is exact up to 1000 different values of a window', () => {
    const values = range(1000).map((index) => `user_${index}`);
    for (const split of splits([...values, ...values])) expect(answer(aggregation, split)).toBe(1000);
  });

  test('is then a HyperLogLog: within 3 %, and the same for any split and order', () => {
    for (const count of [1001, 2500, 20_000]) {
      const values = range(count).map((index) => `user_${index}`);
      const answers = splits([...values, ...values.slice(0, 500)]).map((split) => answer(aggregation, split));
      expect(new Set(answers).size).toBe(1);
      expect(Math.abs(Number(answers[0]) / count - 1)).toBeLessThan(0.03);
    }
  });

  test('tells long texts apart by their whole length, and a text from the hash of another', () => {
    const long = 'x'.repeat(60_000);
    expect(answer(aggregation, [[`${long}a`, `${long}b`, `${long}a`, 'x'.repeat(42), 'x'.repeat(43)]])).toBe(4);
  });

  test('tells integers beyond 2^53 apart', () => {
    const values = ['9007199254740993', '9007199254740992', 9007199254740991, '9007199254740993'];
    expect(answer({ function: 'count_distinct', field: 'quantity' }, [values])).toBe(3);
  });
});

describe('the estimate of HyperLogLog', () => {
  const kinds: { [kind: string]: (index: number) => string } = {
    'whole numbers': (index) => String(index),
    fractions: (index) => String(index / 100),
    'numbered names': (index) => `merchant_${index}`,
    'hexadecimal ids': (index) => (index * 2654435761).toString(16).padStart(16, '0'),
    'texts that differ at the start': (index) => `${index}-of-a-long-and-common-ending`,
    'words of three letters': (index) =>
      range(3)
        .map((place) => String.fromCharCode(97 + (Math.floor(index / 32 ** place) % 32)))
        .join(''),
  };

  for (const [kind, write] of Object.entries(kinds)) {
    test(`has a standard error of about 0.81 % for ${kind}`, () => {
      const errors: number[] = [];
      for (let run = 0; run < 30; run++) {
        const registers = createRegisters();
        const count = 1000 + run * 1000;
        for (let index = 0; index < count; index++) addToRegisters(registers, write(run * 31_000 + index));
        errors.push(estimate(registers) / (kind.startsWith('words') ? Math.min(count, 32_768) : count) - 1);
      }
      const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
      expect(deviation).toBeLessThan(0.0081 * 1.5);
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.0081 * 4);
    });
  }

  test('is right for none, and for half a million', () => {
    const registers = createRegisters();
    expect(estimate(registers)).toBe(0);
    for (let index = 0; index < 500_000; index++) addToRegisters(registers, `event-${index}`);
    expect(Math.abs(estimate(registers) / 5e5 - 1)).toBeLessThan(0.03);
  });
});

describe('percentile', () => {
  const of = (p: number): Aggregation => ({ function: 'percentile', field: 'amount', p });

  test('is linear between neighbours', () => {
    expect(answer(of(0), [[3, 1, 2]])).toBe(1);
    expect(answer(of(1), [[3, 1, 2]])).toBe(3);
    expect(answer(of(0.5), [[1, 2, 3, 10]])).toBe(2.5);
    expect(answer(of(0.25), [[0, 10]])).toBe(2.5);
    expect(answer(of(0.9), [[0.1, 0.1, 0.1]])).toBe(0.1);
    expect(answer(of(0.5), [[-1e308, 1e308]])).toBe(0);
    expect(answer(of(0.5), [[]])).toBe(null);
  });

  test('is exact up to 1000 values of a window', () => {
    const values = range(1000).map((index) => ((index * 7919) % 1000) - 500);
    for (const split of splits(values)) expect(answer(of(0.9), split)).toBeCloseTo(399.1, 9);
  });

  test('is then within 1 %, with negative values and zeros, and the same for any split and order', () => {
    const magnitude = fc.double({ noNaN: true, min: 1e-3, max: 1e9 });
    const value = fc.oneof(
      magnitude,
      magnitude.map((each) => -each),
      fc.constant(0),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1001, maxLength: 1500, size: 'max' }),
        fc.double({ noNaN: true, min: 0, max: 1 }),
        (values, p) => {
          const answers = splits(values).map((split) => answer(of(p), split));
          expect(new Set(answers).size).toBe(1);
          const events = values.map((amount) => event(midnight, { amount }));
          const sorted = values.toSorted((a, b) => a - b);
          const rank = p * (values.length - 1);
          const neighbours = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0];
          const exact = Number(naiveAggregate(events, of(p), midnight + 1).value);
          // Between two of opposite signs, 1 % of the larger one.
          const tolerance = 0.01 * Math.max(...neighbours.map(Math.abs));
          expect(Math.abs(Number(answers[0]) - exact)).toBeLessThanOrEqual(tolerance);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('is within 1 % for the greatest and the least of doubles', () => {
    for (const extreme of [Number.MAX_VALUE, -Number.MAX_VALUE, 1e-300, 2 ** -1022]) {
      const found = Number(answer(of(0.5), [Array(1001).fill(extreme)]));
      expect(Math.abs(found / extreme - 1)).toBeLessThan(0.01);
    }
  });

  test('keeps its bound of bins over 600 orders of magnitude, where the small ones are less exact, in any order', () => {
    const values = range(20_000).map((index) => 10 ** (((index * 7919) % 20_000) / 33 - 300));
    const answers = splits(values).map((split) => answer(of(0.99), split));
    expect(new Set(answers).size).toBe(1);
    expect(Math.abs(Math.log10(Number(answers[0])) - (0.99 * 19_999) / 33 + 300)).toBeLessThan(0.01);
    expect(new Set(splits(values).map((split) => answer(of(0.1), split))).size).toBe(1);
  });
});

describe('top_k', () => {
  const of = (k: number): Aggregation => ({ function: 'top_k', field: 'text', k });

  test('is values, most frequent first, ties by value', () => {
    expect(answer(of(3), [['b', 'a', 'c', 'b', 'ﬁ', '𝄞'], ['c']])).toEqual(['b', 'c', 'a']);
    expect(answer(of(10), [['𝄞', 'ﬁ']])).toEqual(['ﬁ', '𝄞']);
    const numbers = [10, 9, 9, 10, '9007199254740993', '9007199254740993', -1];
    expect(answer({ function: 'top_k', field: 'quantity', k: 9 }, [numbers])).toEqual([9, 10, '9007199254740993', -1]);
  });

  test('is exact up to 1000 different values of a window, for any split', () => {
    const values = range(1000).flatMap((index) =>
      Array(1 + (index % 3)).fill(`page_${String(index).padStart(4, '0')}`),
    );
    const expected = range(1000).filter((index) => index % 3 === 2);
    for (const split of splits(values)) {
      expect(answer(of(333), split)).toEqual(expected.map((index) => `page_${String(index).padStart(4, '0')}`));
    }
  });

  test('beyond, sees a value rise that comes one event at a time', () => {
    const before = range(3000).flatMap((index) => [`page_${index}`, `page_${index}`]);
    const rising = range(40).map(() => ['rising']);
    expect(answer(of(1), [before, ...rising])).toEqual(['rising']);
  });

  test('beyond, merges what was forgotten on both sides', () => {
    const half = (name: string) => [...range(3000).map((index) => `${name}_${index}`), ...Array(20).fill('frequent')];
    const [left, right] = [half('left'), half('right')];
    expect(answer(of(1), [left, right])).toEqual(['frequent']);
    expect(answer(of(1), [left, right, Array(30).fill('late')])).toEqual(['frequent']);
  });

  test('beyond, counts no value too low, and none too high by more than a thousandth of all', () => {
    // Skewed: a tenth of them are among the first 10, and there are thousands of others.
    const values = range(40_000).map((index) => Math.floor((((index * 7919) % 40_009) / 40_009) ** 3 * 20_000));
    const merged = createFrequent();
    for (const rest of [0, 1, 2]) {
      const partial = createFrequent();
      for (const [index, each] of values.entries()) if (index % 3 === rest) foldFrequent(partial, each);
      mergeFrequent(merged, decodeFrequent(encodeFrequent(partial)));
    }
    const { counts, floor } = decodeFrequent(encodeFrequent(merged));
    const exact = new Map<number, number>();
    for (const each of values) exact.set(each, (exact.get(each) ?? 0) + 1);
    const excesses = [...exact].map(([each, count]) => (counts.get(each) ?? floor) - count);
    expect(exact.size).toBeGreaterThan(10_000);
    expect(Math.min(...excesses)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...excesses)).toBeLessThanOrEqual(values.length / 1001);
  });

  test('beyond, still has the values that are more frequent than a thousandth of all', () => {
    const rare = range(20_000).map((index) => `rare_${index}`);
    const frequent = range(5).flatMap((index) => Array(400 - index).fill(`frequent_${index}`));
    const mixed = [...rare, ...frequent].sort((a, b) => a.slice(-2).localeCompare(b.slice(-2)));
    for (const split of splits(mixed))
      expect(answer(of(5), split)).toEqual(range(5).map((index) => `frequent_${index}`));
  });
});
