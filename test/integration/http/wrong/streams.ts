import { expect } from 'vitest';
import { badNames, memberCases, notText, shown, unstorableTexts, type WrongRequest } from './wrong-request.ts';

const infinity = Number.POSITIVE_INFINITY;
const texts = unstorableTexts.map(([, text]) => text);
const unknownDtypes = ['float', '', 'float64[][]', 'constructor', '__proto__', 5, null, [], {}];

const sources = '/api/v1/stream-sources';
const schema = { id: 'string', number: 'int64', at: 'timestamp', day: 'int32', tags: 'string[]' };
const source = { name: 'a_source', schema, event_time: 'at' };
const withField = (name: string, dtype: unknown = 'string') => ({ ...schema, [name]: dtype });
const manyFields = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`f${index}`, 'string']));

export const sourceRequests: readonly WrongRequest[] = [
  ...memberCases(sources, source, 'name', 'invalid_name', badNames),
  ...memberCases(sources, source, 'name', 'invalid_request', notText),
  ...memberCases(sources, source, 'schema', 'invalid_request', [
    {},
    [],
    'a',
    null,
    5,
    [['at', 'timestamp']],
    { at: 'timestamp', ...manyFields },
    Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, 'string'])),
  ]),
  ...memberCases(
    sources,
    source,
    'schema',
    'invalid_dtype',
    unknownDtypes.map((dtype) => withField('a', dtype)),
  ),
  ...memberCases(
    sources,
    source,
    'schema',
    'invalid_name',
    badNames.filter((name) => name !== '__proto__').map((name) => withField(name)),
  ),
  ...memberCases(
    sources,
    source,
    'schema',
    'reserved_name',
    ['entity_id', 'created_at', 'RECORDED_AT', 'revision', 'ctid', 'Event_time', 'EVENT_ID'].map((name) =>
      withField(name),
    ),
  ),
  ...memberCases(sources, source, 'schema', 'reserved_name', [
    withField('event_time', 'timestamp'),
    withField('event_id'),
  ]),
  ...memberCases(sources, source, 'event_time', 'invalid_request', [
    'id',
    'number',
    'nobody',
    '',
    'constructor',
    'AT',
    ...notText,
    ...texts,
  ]),
  ...memberCases(sources, source, 'event_id', 'invalid_request', [
    'at',
    'day',
    'tags',
    'nobody',
    '',
    'toString',
    5,
    [],
  ]),
  ...memberCases(sources, source, 'retention_days', 'invalid_request', [-1, 1.5, '90', 36_501, infinity, null]),
  ...memberCases(sources, source, 'dedupe_days', 'invalid_request', [0, -1, 1.5, '7', 91, 366, infinity, null]),
  ...memberCases(sources, { ...source, dedupe_days: 7 }, 'retention_days', 'invalid_request', [6]),
  ...memberCases(sources, source, 'description', 'invalid_request', [5, null, 'x'.repeat(4097), ...texts]),
  ...memberCases(sources, source, 'tags', 'invalid_request', ['a', [1], [''], texts]),
  ...memberCases(sources, source, 'owner', 'invalid_request', [5, 'x'.repeat(257), ...texts]),
  ...memberCases(sources, source, 'version', 'invalid_request', [1]),
  ...[
    { event_time: 'seen_at' },
    { event_id: 'country' },
    { event_id: null },
    { schema: { click_id: 'string', user: 'int64', country: 'string', clicked_at: 'timestamp', seen_at: 'timestamp' } },
    { schema: { click_id: 'string', clicked_at: 'timestamp' } },
    { retention_days: 1, dedupe_days: 1 },
  ].map(
    (change): WrongRequest => ({
      title: `a source again with ${shown(change)}`,
      path: sources,
      body: { ...clicks(), ...change },
      code: 'version_conflict',
      members: { differences: expect.arrayContaining([expect.any(String)]) },
    }),
  ),
];

/** What wrong-store.ts registers. */
export function clicks() {
  return {
    name: 'clicks',
    schema: {
      click_id: 'string',
      user: 'string',
      country: 'string',
      price: 'float64',
      clicked_at: 'timestamp',
      seen_at: 'timestamp',
    },
    event_time: 'clicked_at',
    event_id: 'click_id',
  };
}

export function clickView() {
  const aggregations = [{ name: 'clicks_7d', function: 'count', window: '7d' }];
  return { name: 'user_clicks', entity_type: 'user', source: 'clicks', entity_key: 'user', aggregations };
}

const views = '/api/v1/feature-views';
const view = { ...clickView(), name: 'a_view' };
const aggregation = { name: 'a', function: 'sum', field: 'price', window: '24h' };
const withAggregation = (change: object) => [{ ...aggregation, ...change }];
const aggregationCases = (code: WrongRequest['code'], changes: readonly object[]): WrongRequest[] =>
  memberCases(views, view, 'aggregations', code, changes.map(withAggregation));
const batch = { name: 'a_view', entity_type: 'user', features: [{ name: 'a', dtype: 'int64' }] };

export const streamViewRequests: readonly WrongRequest[] = [
  ...memberCases(views, view, 'source', 'source_not_found', ['nothing', 'other_source', 'constructor', 'CLICKS']),
  ...memberCases(views, view, 'source', 'invalid_name', badNames),
  ...memberCases(views, view, 'source', 'invalid_request', notText),
  ...memberCases(views, view, 'features', 'invalid_request', [batch.features]),
  ...memberCases(views, view, 'entity_key', 'invalid_request', [
    'price',
    'clicked_at',
    'nobody',
    'constructor',
    'USER',
    5,
    null,
  ]),
  ...memberCases(views, view, 'entity_key', 'invalid_name', badNames),
  ...memberCases(views, view, 'where', 'invalid_filter', [
    '',
    'price',
    'price >',
    'price > "1"',
    'nope > 1',
    'price == 1',
    'price == null',
    'country.matches("(a+)+$")',
    '["a"].exists(x, x == country)',
    'size(country + country) > 1',
    '__proto__ == 1',
    'constructor == 1',
    '((((((((((',
    `${'!'.repeat(500)}true`,
    `${'('.repeat(400)}true${')'.repeat(400)}`,
    `country == "${'x'.repeat(1000)}"`,
    'DROP TABLE registry.tenants',
  ]),
  ...memberCases(views, view, 'where', 'invalid_request', [5, true, [], {}, 'x'.repeat(5000), ...texts]),
  ...memberCases(views, view, 'hop', 'invalid_window', ['', '0s', '-1m', '1.5m', '1 m', 'm', '90', '1w', '2d', '11s']),
  ...memberCases(views, view, 'hop', 'invalid_request', [5, true, [], 'x'.repeat(33), ...texts]),
  ...memberCases(views, view, 'aggregations', 'invalid_request', [[], {}, 'a', null, [null], [1], [[]], ['a']]),
  ...memberCases(views, view, 'aggregations', 'invalid_request', [[aggregation, { ...aggregation, field: 'price' }]]),
  ...memberCases(views, view, 'aggregations', 'too_many_features', [
    Array.from({ length: 501 }, (_, index) => ({ ...aggregation, name: `a${index}` })),
  ]),
  ...aggregationCases(
    'invalid_name',
    badNames.flatMap((name) => [{ name }, { field: name }]),
  ),
  ...aggregationCases('reserved_name', [{ name: 'entity_id' }, { name: 'Event_Time' }]),
  ...aggregationCases('invalid_request', [
    { unknown: 1 },
    { field: 5 },
    { window: 5 },
    { window: 'x'.repeat(33) },
    { k: '3' },
    { p: '0.5' },
    { p: infinity },
    { ttl_hours: 0 },
    { dtype: 'float64' },
    ...texts.map((description) => ({ description })),
  ]),
  ...aggregationCases('invalid_aggregation', [
    { function: 'median' },
    { function: '' },
    { function: 5 },
    { function: null },
    { function: '__proto__' },
    { field: null },
    { field: 'nobody' },
    { field: 'constructor' },
    { field: 'country' },
    { field: 'clicked_at' },
    { k: 3 },
    { p: 0.5 },
    { function: 'percentile' },
    { function: 'percentile', p: 1.01 },
    { function: 'percentile', p: -1 },
    { function: 'last_k' },
    { function: 'last_k', k: 0 },
    { function: 'last_k', k: 1001 },
    { function: 'last_k', k: 1.5 },
    { function: 'last_k', k: 3, field: 'clicked_at' },
  ]),
  ...aggregationCases('invalid_window', [
    { window: '' },
    { window: '0h' },
    { window: '-24h' },
    { window: '24' },
    { window: 'h' },
    { window: '1e3h' },
    { window: '24H' },
    { window: '24h ' },
    { window: '99999999999h' },
    { window: '91d' },
    { window: '61m' },
    { window: '90s' },
  ]),
  ...memberCases(views, view, 'retention_days', 'invalid_window', [1, 6]),
  ...memberCases(views, view, 'version', 'version_conflict', [2, 99_999]),
  ...['entity_key', 'where', 'hop', 'aggregations'].flatMap((member) =>
    memberCases(views, batch, member, 'invalid_request', [
      { entity_key: 'user', where: 'true', hop: '30s', aggregations: [aggregation] }[member],
    ]),
  ),
  ...['entity_key', 'aggregations'].flatMap((member) =>
    memberCases(views, view, member, 'invalid_request', [undefined]),
  ),
  ...[
    { entity_key: 'country' },
    { where: 'price > 0.0' },
    { hop: '30s' },
    { aggregations: withAggregation({ name: 'clicks_7d' }) },
    { aggregations: [...clickView().aggregations, aggregation] },
    { ttl_hours: 5 },
    { entity_type: 'merchant' },
  ].map(
    (change): WrongRequest => ({
      title: `version 1 of a stream view again with ${shown(change)}`,
      path: views,
      body: { ...clickView(), version: 1, ...change },
      code: 'version_conflict',
      members: { differences: expect.arrayContaining([expect.any(String)]) },
    }),
  ),
  {
    title: 'version 1 of a stream view as a batch view',
    path: views,
    body: { name: 'user_clicks', version: 1, entity_type: 'user', features: [{ name: 'clicks_7d', dtype: 'int64' }] },
    code: 'version_conflict',
    members: { differences: ['it is a stream view'] },
  },
  {
    title: 'version 1 of a batch view as a stream view',
    path: views,
    body: { ...clickView(), name: 'user_activity', version: 1 },
    code: 'version_conflict',
  },
  {
    title: 'a single feature of a stream view',
    path: '/api/v1/features/register',
    body: { name: 'clicks_7d', dtype: 'int64', entity_type: 'user' },
    code: 'version_conflict',
    members: { differences: ['user_clicks is a stream view'] },
  },
  ...['user_clicks', 'user_clicks@1'].map(
    (name): WrongRequest => ({
      title: `rows for the stream view ${name}`,
      path: '/api/v1/features/ingest',
      body: { view: name, rows: [{ entity_id: 'u', event_time: new Date().toISOString(), values: { clicks_7d: 1 } }] },
      code: 'invalid_request',
    }),
  ),
  {
    title: 'statistics of a stream view',
    method: 'GET',
    path: '/api/v1/feature-views/user_clicks/statistics?feature=clicks_7d',
    code: 'invalid_request',
  },
];
