import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Aggregation,
  aggregationFunctions,
  outputDtype,
  parseWindow,
  type WindowValue,
} from '../../../shared/aggregation/index.ts';
import { type NaiveAggregation, type NaiveEvent, naiveAggregate } from './naive-aggregate.ts';
import { day, hour, midnight, minute, planOf, readAll, schema } from './samples.ts';

/** The moments around which everything happens, and a microsecond to either side. */
const moment = fc
  .tuple(
    fc.constantFrom(minute, 5 * minute, hour, day),
    fc.integer({ min: -30, max: 30 }),
    fc.integer({ min: -1, max: 1 }),
  )
  .map(([unit, count, aside]) => midnight + unit * count + aside);

const nullable = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: null, freq: 4 });
/** Of code points whose order by UTF-16 units is another. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'ﬁ', '𝄞', '\u{e000}'), maxLength: 3 });
const timestamp = fc
  .tuple(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), fc.constantFrom('000', '123', '123456', '000001'))
  .map(([seconds, fraction]) => new Date(seconds * 1000).toISOString().replace('000Z', `${fraction}Z`));

const values = fc.record({
  amount: nullable(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((units) => units / 64)),
  quantity: nullable(
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.bigInt({ min: -(2n ** 58n), max: 2n ** 58n }).map(int64)),
  ),
  small: nullable(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  text: nullable(text),
  flag: nullable(fc.boolean()),
  at: nullable(timestamp),
  body: nullable(fc.constantFrom({ a: [1] }, [], 'x', 0)),
});

/** Each in one of three batches. */
const stream = fc
  .uniqueArray(fc.record({ eventMicros: moment, id: text, values, batch: fc.nat(2) }), {
    selector: ({ eventMicros, id }) => `${eventMicros} ${id}`,
    maxLength: 60,
  })
  .map((events) => [0, 1, 2].map((batch) => events.filter((each) => each.batch === batch).map(named)));

const named = ({ eventMicros, id, values }: { eventMicros: number; id: string; values: NaiveEvent['values'] }) => ({
  eventMicros,
  eventId: id,
  values,
});

const windows = ['1m', '15m', '1h', '6h', '24h', '12d', undefined];
const fields = [undefined, 'amount', 'quantity', 'small', 'text', 'flag', 'at', 'body'] as const;

const all: Aggregation[] = aggregationFunctions.flatMap((name) =>
  fields
    .filter((field) => typeof outputDtype(name, field && schema[field]) === 'string')
    .flatMap((field) => windows.map((window) => withParameters({ function: name, field, window }))),
);

function withParameters(aggregation: Aggregation): Aggregation {
  if (aggregation.function === 'percentile') return { ...aggregation, p: 0.7 };
  return aggregation.function.endsWith('_k') ? { ...aggregation, k: 3 } : aggregation;
}

describe('any split of the same events, written, read and merged in any order, answers as a scan over all of them', () => {
  for (const name of aggregationFunctions) {
    const chosen = all.filter((aggregation) => aggregation.function === name);

    test(`${name}, by fields of every dtype and all windows`, () => {
      const plan = planOf(chosen);
      fc.assert(
        fc.property(stream, moment, (batches, asOfMicros) => {
          const answers = readAll(plan, batches, asOfMicros);
          for (const [place, aggregation] of chosen.entries()) {
            const expected = naiveAggregate(batches.flat(), naive(aggregation, undefined), asOfMicros);
            expectAlike(answers[place], expected, `${JSON.stringify(aggregation)} of ${place}`);
          }
        }),
        { numRuns: 100 },
      );
    });
  }

  test('a finer hop of the view holds for all its windows, whether or not it divides an hour', () => {
    const chosen = all.filter(({ function: name, window }) => ['avg', 'last_k'].includes(name) && window !== '1m');
    for (const hop of ['1s', '45s', '50s', '1m']) {
      const plan = planOf(chosen, hop);
      fc.assert(
        fc.property(stream, moment, (batches, asOfMicros) => {
          const answers = readAll(plan, batches, asOfMicros);
          for (const [place, aggregation] of chosen.entries()) {
            const hopMicros = { '1s': 1, '45s': 45, '50s': 50, '1m': 60 }[hop];
            const expected = naiveAggregate(batches.flat(), naive(aggregation, hopMicros), asOfMicros);
            expectAlike(answers[place], expected, `${JSON.stringify(aggregation)} by ${hop}`);
          }
        }),
        { numRuns: 30 },
      );
    }
  });
});

function naive({ window, ...rest }: Aggregation, viewHopSeconds: number | undefined): NaiveAggregation {
  if (window === undefined) return rest;
  const parsed = parseWindow(window, viewHopSeconds === undefined ? undefined : viewHopSeconds * 1_000_000);
  if ('code' in parsed) throw new Error(parsed.detail);
  return { ...rest, ...parsed };
}

/** Numbers to 1e-9 relative, all else exactly. */
function expectAlike(answer: unknown, expected: WindowValue, what: string): void {
  const { value } = expected;
  const isAny = typeof value === 'number' && value !== 0;
  expect(answer, what).toEqual(
    isAny ? { ...expected, value: expect.closeTo(value, 9 - Math.log10(Math.abs(value))) } : expected,
  );
}

function int64(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
