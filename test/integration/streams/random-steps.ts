import fc from 'fast-check';
import { expect } from 'vitest';
import { naiveWindow, type OracleAggregation, type OracleEvent } from '../../support/naive-windows.ts';
import { day, hour, minute, second } from './stream-world.ts';

export const users = ['u0', 'u1', 'u2'] as const;

export const aggregations: Readonly<Record<string, OracleAggregation>> = {
  n: { function: 'count', window: '15m' },
  n_ever: { function: 'count' },
  sum_1h: { function: 'sum', field: 'amount', window: '1h' },
  sum_ever: { function: 'sum', field: 'shop' },
  avg_24h: { function: 'avg', field: 'amount', window: '24h' },
  min_7d: { function: 'min', field: 'amount', window: '7d' },
  max_12d: { function: 'max', field: 'shop', window: '12d' },
  var_24h: { function: 'variance', field: 'amount', window: '24h' },
  std_ever: { function: 'stddev', field: 'amount' },
  first_ever: { function: 'first', field: 'country' },
  last_24h: { function: 'last', field: 'amount', window: '24h' },
  last_ever: { function: 'last', field: 'country' },
  firsts: { function: 'first_k', field: 'amount', k: 3 },
  lasts_7d: { function: 'last_k', field: 'shop', window: '7d', k: 3 },
  countries_7d: { function: 'count_distinct', field: 'country', window: '7d' },
  top_24h: { function: 'top_k', field: 'country', window: '24h', k: 2 },
  median_30d: { function: 'percentile', field: 'amount', window: '30d', p: 0.5 },
};
/** Of a view with a hop of its own, which is finer than that of any of its windows. */
export const finely: Readonly<Record<string, OracleAggregation>> = {
  n_1m: { function: 'count', window: '1m', hop: '20s' },
  avg_1h: { function: 'avg', field: 'amount', window: '1h', hop: '20s' },
  last_1d: { function: 'last', field: 'country', window: '1d', hop: '20s' },
  n_ever: { function: 'count', field: 'shop' },
};
export const ttl = 6 * hour;

export interface RandomView {
  readonly name: string;
  readonly aggregations: typeof aggregations;
  readonly passes: (fields: OracleEvent['fields']) => boolean;
  readonly ttlMicros?: number;
}

export function definitionsOf(of: typeof aggregations): Readonly<Record<string, unknown>>[] {
  return Object.entries(of).map(([name, { hop: _, ...aggregation }]) => ({ name, ...aggregation }));
}

const windows = [0, 15 * minute, hour, 24 * hour, 7 * day, 12 * day, 30 * day];

/** When an event happened: on an edge of a window before the moment, or near it. */
const agoArbitrary = fc.oneof(
  fc
    .record({ window: fc.constantFrom(...windows), shift: fc.constantFrom(-1, 0, 1, minute, -minute) })
    .map(({ window, shift }) => window + shift),
  fc.integer({ min: -59 * second, max: 2 * hour }),
  fc.integer({ min: 0, max: 80 * 24 * 60 }).map((minutes) => minutes * minute),
);

/** So often that some events have nothing but nulls. */
function oftenNull<Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.option(values, { freq: 2 });
}

const eventArbitrary = fc.record({
  user: fc.constantFrom(...users, ...users, null),
  ago: agoArbitrary,
  amount: oftenNull(fc.integer({ min: -8, max: 40 }).map((quarters) => quarters / 4)),
  shop: oftenNull(fc.integer({ min: -5, max: 1000 })),
  country: oftenNull(fc.constantFrom('at', 'be', 'ch', 'de', 'es')),
});

export const stepArbitrary = fc.record({
  kind: fc.constantFrom('apply', 'apply', 'twice at once', 'unprojected', 'not committed', 'with a lost cache'),
  events: fc.array(eventArbitrary, { minLength: 1, maxLength: 25 }),
  /** Of all events sent before, some come again, and of them some are not what they were. */
  again: fc.array(fc.record({ place: fc.nat(), isOther: fc.boolean() }), { maxLength: 6 }),
  forgets: fc.boolean(),
  later: fc.constantFrom(0, 1, second, minute, 5 * minute, hour, 11 * hour, 24 * hour),
});
export type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

export interface Sent extends OracleEvent {
  /** Null: of nobody. */
  readonly user: string | null;
}

/** In an order that depends on the ids alone. */
export function shuffled(events: readonly Sent[]): Sent[] {
  const key = ({ eventId }: Sent): number =>
    [...eventId].reduce((sum, each) => (sum * 31 + each.charCodeAt(0)) % 10_007, 7);
  return events.toSorted((a, b) => key(a) - key(b));
}

export interface Checked {
  readonly views: readonly RandomView[];
  readonly entity: (user: string) => string;
  readonly sent: readonly Sent[];
}

export function namesOf({ views }: Checked): string[] {
  return views.flatMap(({ name, aggregations: of }) => Object.keys(of).map((feature) => `${name}:${feature}`));
}

export function oracleOf({ views, sent }: Checked, asOfMicros: number): unknown[] {
  return users.map((user) => {
    const ofUser = sent.filter((event) => event.user === user);
    return views.flatMap(({ aggregations: of, passes, ttlMicros }) => {
      const passing = ofUser.filter(({ fields }) => passes(fields));
      return Object.values(of).map((aggregation) => {
        const { status, value } = naiveWindow(passing, aggregation, asOfMicros, ttlMicros);
        return [status, status === 'PRESENT' ? near(value) : null];
      });
    });
  });
}

/** Floating sums to 1e-9 relative. */
function near(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return expect.closeTo(value, Math.max(0, 8 - Math.ceil(Math.log10(Math.abs(value) + 1))));
}
