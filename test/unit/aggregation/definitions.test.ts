import { describe, expect, test } from 'vitest';
import {
  type Aggregation,
  aggregationFunctions,
  compileFoldPlan,
  outputDtype,
} from '../../../shared/aggregation/index.ts';
import { planOf, schema } from './samples.ts';

describe('the dtype of a feature', () => {
  const dtypes = [
    'float64',
    'float32',
    'int64',
    'int32',
    'string',
    'timestamp',
    'bool',
    'bytes',
    'json',
    'int64[]',
  ] as const;
  const none = undefined;
  const same = dtypes;
  const ordered = [...same.slice(0, 7), none, none, none];
  const float = ['float64', 'float64', 'float64', 'float64', none, none, none, none, none, none];
  const array = ['float64[]', 'float32[]', 'int64[]', 'int64[]', 'string[]', none, none, none, none, none];
  const table = {
    count: dtypes.map(() => 'int64'),
    sum: ['float64', 'float64', 'int64', 'int64', none, none, none, none, none, none],
    ...{ avg: float, variance: float, stddev: float, percentile: float },
    ...{ min: ordered, max: ordered, first: same, last: same },
    ...{ first_k: array, last_k: array, top_k: array },
    count_distinct: dtypes.map((dtype) => (dtype === 'json' || dtype === 'int64[]' ? none : 'int64')),
  };

  for (const name of aggregationFunctions) {
    test(`of ${name} follows from the field's, or it is refused`, () => {
      for (const [place, dtype] of dtypes.entries()) {
        const expected = table[name][place] ?? {
          code: 'invalid_aggregation',
          detail: `${name} takes no field of ${dtype}`,
        };
        expect(outputDtype(name, dtype)).toEqual(expected);
      }
    });
  }

  test('of count without a field is int64; no other function does without', () => {
    expect(outputDtype('count', undefined)).toBe('int64');
    for (const name of aggregationFunctions.slice(1)) {
      expect(outputDtype(name, undefined)).toEqual({ code: 'invalid_aggregation', detail: `${name} needs a field` });
    }
  });

  test('is part of the plan', () => {
    const plan = planOf([
      { function: 'sum', field: 'small' },
      { function: 'last_k', field: 'text', k: 2 },
    ]);
    expect(plan.features.map(({ dtype }) => dtype)).toEqual(['int64', 'string[]']);
  });
});

describe('a definition', () => {
  const refuse = (aggregations: Aggregation[], hop?: string) => compileFoldPlan({ aggregations, schema, hop });

  test('is refused with every reason, as values', () => {
    expect(
      refuse([
        { function: 'sum', field: 'nope' },
        { function: 'count' },
        { function: 'sum' },
        { function: 'sum', field: 'text' },
        { function: 'sum', field: 'amount', window: '90s' },
        { function: 'sum', field: '__proto__' },
        { function: 'sum', field: 'toString' },
      ]),
    ).toEqual([
      { index: 0, code: 'invalid_aggregation', detail: 'the source has no field nope' },
      { index: 2, code: 'invalid_aggregation', detail: 'sum needs a field' },
      { index: 3, code: 'invalid_aggregation', detail: 'sum takes no field of string' },
      { index: 4, code: 'invalid_window', detail: 'window 90s is no multiple of its hop, 1m' },
      { index: 5, code: 'invalid_aggregation', detail: 'the source has no field __proto__' },
      { index: 6, code: 'invalid_aggregation', detail: 'the source has no field toString' },
    ]);
  });

  test('takes k from 1 to 1000 for first_k, last_k and top_k alone', () => {
    for (const name of ['first_k', 'last_k', 'top_k'] as const) {
      expect(refuse([{ function: name, field: 'text' }])).toMatchObject([{ detail: `${name} needs a k` }]);
      for (const k of [0, 1001, 1.5, -1, Number.NaN]) {
        expect(refuse([{ function: name, field: 'text', k }])).toMatchObject([
          { code: 'invalid_aggregation', detail: 'k is a whole number from 1 to 1000' },
        ]);
      }
      for (const k of [1, 1000]) expect(refuse([{ function: name, field: 'text', k }])).toHaveProperty('features');
    }
    expect(refuse([{ function: 'sum', field: 'amount', k: 3 }])).toMatchObject([{ detail: 'sum takes no k' }]);
  });

  test('takes p from 0 to 1 for percentile alone', () => {
    expect(refuse([{ function: 'percentile', field: 'amount' }])).toMatchObject([{ detail: 'percentile needs a p' }]);
    for (const p of [-0.1, 1.1, 95, Number.NaN]) {
      expect(refuse([{ function: 'percentile', field: 'amount', p }])).toMatchObject([
        { code: 'invalid_aggregation', detail: 'p is a number from 0 to 1' },
      ]);
    }
    for (const p of [0, 0.5, 1]) {
      expect(refuse([{ function: 'percentile', field: 'amount', p }])).toHaveProperty('features');
    }
    expect(refuse([{ function: 'count', p: 0.5 }])).toMatchObject([{ detail: 'count takes no p' }]);
  });

  test('has a hop that is a duration, no coarser than that of any of its windows', () => {
    expect(refuse([{ function: 'count' }], 'often')).toMatchObject([{ index: undefined, code: 'invalid_window' }]);
    const both: Aggregation[] = [
      { function: 'count', window: '24h' },
      { function: 'count', window: '15m' },
    ];
    expect(refuse(both, '5m')).toMatchObject([{ index: 1, detail: 'hop 5m is coarser than 1m, the hop of 15m' }]);
    expect(refuse(both, '30s')).toHaveProperty('features');
  });
});

describe('a plan', () => {
  const windows = ['15m', '1h', '24h', '7d', '30d', undefined];
  const twenty = (['count', 'sum', 'avg', 'min', 'max'] as const).flatMap((name) =>
    windows.map((window) => ({ function: name, field: 'amount', window })),
  );

  test('shares the partials of one field among functions and windows: hops of a minute, five, and hours for all longer', () => {
    const { groups } = planOf(twenty);
    expect(groups.map(({ widthMicros }) => widthMicros / 60e6)).toEqual([1, 5, 60]);
    for (const { cells, parts, emptyNumbers } of groups) {
      expect([cells.length, parts.length, emptyNumbers.length]).toEqual([1, 0, 3 + 1 + 3 + 2 + 2]);
    }
  });

  test('shares the largest k, and one sketch for every p and every k of top_k', () => {
    const { groups } = planOf([
      { function: 'first', field: 'text', window: '24h' },
      { function: 'first_k', field: 'text', window: '7d', k: 5 },
      { function: 'first_k', field: 'text', window: '24h', k: 3 },
      { function: 'percentile', field: 'amount', window: '24h', p: 0.5 },
      { function: 'percentile', field: 'amount', window: '7d', p: 0.9 },
      { function: 'top_k', field: 'amount', window: '24h', k: 3 },
      { function: 'top_k', field: 'amount', window: '7d', k: 30 },
    ]);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.parts).toMatchObject([{ kind: 'frequent' }, { kind: 'quantiles' }, { kind: 'first', k: 5 }]);
  });

  test('has the same partials in whatever order the aggregations come', () => {
    const mixed: Aggregation[] = [
      ...twenty,
      { function: 'top_k', field: 'text', window: '24h', k: 3 },
      { function: 'stddev', field: 'small', window: '24h' },
      { function: 'last', field: 'text' },
    ];
    expect(JSON.stringify(planOf(mixed.toReversed()).groups)).toBe(JSON.stringify(planOf(mixed).groups));
    expect(planOf(mixed.toReversed()).fields).toEqual(['amount', 'small', 'text']);
  });
});
