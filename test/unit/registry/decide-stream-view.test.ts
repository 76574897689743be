import { describe, expect, test } from 'vitest';
import { aggregationFunctions as computed } from '../../../shared/aggregation/index.ts';
import { aggregationFunctions } from '../../../shared/contract/limits.ts';
import { newestOf } from '../../../shared/registry/model.ts';
import { decide, definitionOf, laterTime, streamDefinitionOf, versionOf, viewOf } from './registry-samples.ts';

const spend = { name: 'spend_24h', function: 'sum', field: 'amount', window: '24h' };
const purchases = { name: 'purchases', function: 'count' };

test('the contract has the functions that there are, in their order', () => {
  expect(aggregationFunctions).toEqual(computed);
});

describe('a new stream view', () => {
  test('has a feature for each aggregation, of the dtype that follows, and a table of its own', () => {
    const change = decide(undefined, streamDefinitionOf({ where: 'amount > 0.0', hop: '30s' }));
    expect(change).toMatchObject({ kind: 'versioned', ownTable: true });
    expect(versionOf(change)).toMatchObject({
      version: 1,
      revision: 1,
      table: 'spend_v1',
      features: [
        { name: 'spend_24h', dtype: 'float64', position: 0 },
        { name: 'purchases', dtype: 'int64', position: 1 },
      ],
      stream: {
        source: 'purchases',
        entityKey: 'user_id',
        where: 'amount > 0.0',
        hop: '30s',
        aggregations: [
          { name: 'spend_24h', function: 'sum', field: 'amount', window: '24h', k: null, p: null, position: 0 },
          { name: 'purchases', function: 'count', field: null, window: null, k: null, p: null, position: 1 },
        ],
      },
    });
  });

  test.each([
    [{ function: 'count', field: 'note' }, 'int64'],
    [{ function: 'count_distinct', field: 'country' }, 'int64'],
    [{ function: 'sum', field: 'quantity' }, 'int64'],
    [{ function: 'avg', field: 'quantity' }, 'float64'],
    [{ function: 'variance', field: 'shop' }, 'float64'],
    [{ function: 'stddev', field: 'amount' }, 'float64'],
    [{ function: 'percentile', field: 'amount', p: 0.5 }, 'float64'],
    [{ function: 'min', field: 'bought_at' }, 'timestamp'],
    [{ function: 'max', field: 'shop' }, 'int32'],
    [{ function: 'first', field: 'note' }, 'json'],
    [{ function: 'last', field: 'country' }, 'string'],
    [{ function: 'first_k', field: 'shop', k: 3 }, 'int64[]'],
    [{ function: 'last_k', field: 'amount', k: 1000 }, 'float64[]'],
    [{ function: 'top_k', field: 'country', k: 1 }, 'string[]'],
  ])('%j makes a feature of %s', (aggregation, dtype) => {
    const { features } = streamDefinitionOf({ aggregations: [{ name: 'a', ...aggregation }] });
    expect(features).toMatchObject([{ name: 'a', dtype }]);
  });
});

describe('a definition is refused where', () => {
  const only = (aggregation: object) => ({ aggregations: [{ name: 'a', ...aggregation }] });
  test.each([
    ['its source is none', { source: 'clicks' }, 'source_not_found'],
    ['its key is no field', { entity_key: 'nobody' }, 'invalid_request'],
    ['its key is a number with fractions', { entity_key: 'amount' }, 'invalid_request'],
    ['its filter is no CEL', { where: 'amount >' }, 'invalid_filter'],
    ['its filter is of another type', { where: 'amount + 1.0' }, 'invalid_filter'],
    ['its hop is none', { hop: '1 minute' }, 'invalid_window'],
    ['its hop is coarser than a window has it', { hop: '2h' }, 'invalid_window'],
    ['a window is none', only({ function: 'count', window: '1.5h' }), 'invalid_window'],
    ['a window is no multiple of its hop', only({ function: 'count', window: '61m' }), 'invalid_window'],
    ['a window is longer than the source keeps', only({ function: 'count', window: '91d' }), 'invalid_window'],
    [
      'a window is longer than the view keeps',
      { retention_days: 1, ...only({ function: 'count', window: '7d' }) },
      'invalid_window',
    ],
    ['a sum has no field', only({ function: 'sum' }), 'invalid_aggregation'],
    ['a field is none of the source', only({ function: 'sum', field: 'price' }), 'invalid_aggregation'],
    ['a sum is of text', only({ function: 'sum', field: 'country' }), 'invalid_aggregation'],
    ['a percentile has no p', only({ function: 'percentile', field: 'amount' }), 'invalid_aggregation'],
    ['p is beyond 1', only({ function: 'percentile', field: 'amount', p: 50 }), 'invalid_aggregation'],
    ['a sum has a k', only({ function: 'sum', field: 'amount', k: 3 }), 'invalid_aggregation'],
    ['k is no whole number', only({ function: 'top_k', field: 'country', k: 1.5 }), 'invalid_aggregation'],
    ['an array would hold arrays', only({ function: 'last_k', field: 'scores', k: 3 }), 'invalid_aggregation'],
  ])('%s', (_, given, code) => {
    expect(() => streamDefinitionOf(given)).toThrow(expect.objectContaining({ code }));
  });

  test('several aggregations are wrong, and tells each', () => {
    const aggregations = Array.from({ length: 7 }, (_, index) => ({ name: `a${index}`, function: 'sum' }));
    expect(() => streamDefinitionOf({ aggregations })).toThrow(/a0: .*; a4: .*; and 2 more$/);
  });
});

describe('the identical stream view again', () => {
  test.each([
    ['as it was', {}],
    ['with its aggregations in another order', { aggregations: [purchases, spend] }],
    ['with a window written otherwise', { aggregations: [{ ...spend, window: '1d' }, purchases] }],
    [
      'with nothing spelled out',
      { where: null, hop: null, aggregations: [spend, { ...purchases, field: null, k: null }] },
    ],
  ])('%s is a no-op', (_, given) => {
    const view = viewOf(streamDefinitionOf());
    expect(decide(view, streamDefinitionOf(given))).toEqual({ kind: 'none', version: newestOf(view) });
  });

  test('with other descriptions changes in place', () => {
    const view = viewOf(streamDefinitionOf());
    const described = streamDefinitionOf({
      owner: 'team',
      aggregations: [{ ...spend, description: 'new' }, purchases],
    });
    const change = decide(view, described);
    expect(change.kind).toBe('described');
    expect(versionOf(change)).toMatchObject({
      owner: 'team',
      updatedAt: laterTime,
      features: [{ description: 'new' }, {}],
    });
  });
});

describe('another stream definition', () => {
  test.each([
    ['key', { entity_key: 'shop' }, 'entity_key is user_id, not shop'],
    ['filter', { where: 'is_gift' }, 'where is null, not is_gift'],
    ['hop', { hop: '30s' }, 'hop is null, not 30s'],
    [
      'function',
      { aggregations: [{ ...spend, function: 'avg' }, purchases] },
      'spend_24h is sum(amount) over 24h, not avg(amount) over 24h',
    ],
    [
      'window',
      { aggregations: [{ ...spend, window: '7d' }, purchases] },
      'spend_24h is sum(amount) over 24h, not sum(amount) over 7d',
    ],
    [
      'aggregation more',
      { aggregations: [spend, purchases, { name: 'n', function: 'count', window: '1h' }] },
      'feature n is not in it',
    ],
    ['aggregation less', { aggregations: [spend] }, 'feature purchases is missing'],
  ])(
    'with another %s is a new version with a table of its own, and a conflict within a version',
    (_, given, difference) => {
      const view = viewOf(streamDefinitionOf());
      const change = decide(view, streamDefinitionOf(given));
      expect(change).toMatchObject({ kind: 'versioned', ownTable: true, version: { version: 2, table: 'spend_v2' } });
      expect(versionOf(change).stream).toEqual(streamDefinitionOf(given).stream);
      expect(decide(view, streamDefinitionOf({ ...given, version: 1 }))).toMatchObject({
        kind: 'conflict',
        differences: expect.arrayContaining([difference]),
      });
    },
  );

  test('with other TTLs alone is a new version over the same tiles', () => {
    const view = viewOf(streamDefinitionOf());
    const change = decide(
      view,
      streamDefinitionOf({ ttl_hours: 5, aggregations: [purchases, { ...spend, ttl_hours: 1 }] }),
    );
    expect(change).toMatchObject({ kind: 'versioned', ownTable: false, added: [] });
    expect(versionOf(change)).toMatchObject({
      version: 2,
      table: 'spend_v1',
      stream: newestOf(view).stream,
      features: [
        { name: 'spend_24h', position: 0, ttlHours: 1 },
        { name: 'purchases', position: 1, ttlHours: null },
      ],
    });
  });

  test('with other TTLs and another aggregation has a table of its own', () => {
    const aggregations = [spend, purchases, { name: 'n', function: 'count', window: '1h' }];
    const change = decide(viewOf(streamDefinitionOf()), streamDefinitionOf({ ttl_hours: 5, aggregations }));
    expect(change).toMatchObject({ kind: 'versioned', ownTable: true, version: { table: 'spend_v2' } });
  });
});

describe('a view turns', () => {
  const batch = definitionOf({
    name: 'spend',
    features: [
      { name: 'spend_24h', dtype: 'float64' },
      { name: 'purchases', dtype: 'int64' },
    ],
  });

  test.each([
    ['from a batch into a stream view', batch, streamDefinitionOf(), 'it is a batch view'],
    ['from a stream into a batch view', streamDefinitionOf(), batch, 'it is a stream view'],
  ])('%s in a new version alone, with a table of its own', (_, before, after, difference) => {
    const change = decide(viewOf(before), after);
    expect(change).toMatchObject({ kind: 'versioned', ownTable: true, version: { version: 2, table: 'spend_v2' } });
    expect(decide(viewOf(before), { ...after, version: 1 })).toMatchObject({
      kind: 'conflict',
      differences: [difference],
    });
  });
});
