import { badNames, memberCases, unstorableTexts, type WrongRequest } from './wrong-request.ts';

const infinity = Number.POSITIVE_INFINITY;
const texts = unstorableTexts.map(([, text]) => text);

/** An entity id that is none. */
const wrongIds = ['', 'x'.repeat(513), 'é'.repeat(257), 1.5, 2 ** 53, infinity, null, true, {}, ['u1'], ...texts];

const askedCases = (path: string, valid: Readonly<Record<string, unknown>>): readonly WrongRequest[] => [
  ...memberCases(path, valid, 'feature_names', 'invalid_request', [
    [],
    'country',
    {},
    null,
    [1],
    [null],
    [['country']],
  ]),
  ...memberCases(
    path,
    valid,
    'feature_names',
    'invalid_name',
    badNames.map((name) => [name]),
  ),
  ...memberCases(path, valid, 'feature_names', 'invalid_name', [['user_profile@0:age'], ['user_profile:'], ['a:b:c']]),
  ...memberCases(path, valid, 'feature_names', 'feature_not_found', [
    ['nothing'],
    ['country', 'nothing'],
    ['other_feature'],
    ['constructor'],
    ['toString'],
    ['hasOwnProperty'],
  ]),
  ...memberCases(path, valid, 'feature_names', 'view_not_found', [
    ['other_view:other_feature'],
    ['user_profile@2:age'],
    ['nothing:age'],
  ]),
  ...memberCases(path, valid, 'feature_names', 'too_many_features', [
    new Array(501).fill('country'),
    new Array(100_000).fill(1),
  ]),
  ...memberCases(path, valid, 'feature_service', 'invalid_request', ['churn_model', null, 1]),
  ...memberCases(path, { ...valid, feature_names: undefined }, 'feature_service', 'service_not_found', [
    'nothing',
    'churn_model@2',
    'other_service',
    'constructor',
  ]),
  ...memberCases(path, { ...valid, feature_names: undefined }, 'feature_service', 'invalid_name', [
    ...badNames,
    'churn_model@0',
    'churn_model@',
    '@1',
  ]),
  ...memberCases(path, { ...valid, feature_names: undefined }, 'feature_service', 'invalid_request', [
    undefined,
    null,
    5,
    [],
  ]),
  {
    title: `${path} for an ambiguous feature`,
    path,
    body: { ...valid, feature_names: ['age'] },
    code: 'ambiguous_feature',
    members: { candidates: ['user_activity:age', 'user_profile:age'] },
  },
];

const online = '/api/v1/features/online';
const one = { entity_id: 'u1', feature_names: ['country'] };
const many = { entity_ids: ['u1'], feature_names: ['country'] };
const rows = { entity_rows: [{ user: 'u1' }], feature_names: ['country'] };
const ofTypes = { entities: { user: 'u1', merchant: 'm1' }, feature_names: ['country', 'chargebacks'] };

export const onlineRequests: readonly WrongRequest[] = [
  ...askedCases(online, one),
  ...memberCases(online, one, 'entity_id', 'invalid_request', wrongIds),
  ...memberCases(online, one, 'entity_id', 'entities_required', [undefined]),
  ...memberCases(online, one, 'entity_ids', 'invalid_request', [['u1']]),
  ...memberCases(online, one, 'entities', 'invalid_request', [{ user: 'u1' }]),
  ...memberCases(online, one, 'include_metadata', 'invalid_request', ['false', 0, null, []]),
  ...memberCases(online, one, 'allow_partial', 'invalid_request', ['true', 1, null]),
  ...memberCases(online, one, 'timestamp', 'invalid_request', ['2026-01-01T00:00:00Z']),
  ...memberCases(online, one, 'feature_names', 'entities_required', [['country', 'chargebacks']]),
  ...memberCases(online, many, 'entity_ids', 'invalid_request', [
    [],
    'u1',
    {},
    null,
    ...wrongIds.map((id) => ['u1', id]),
  ]),
  ...memberCases(online, many, 'entity_ids', 'too_many_entities', [
    new Array(1001).fill('u1'),
    new Array(200_000).fill(null),
  ]),
  ...memberCases(online, many, 'feature_names', 'entities_required', [['country', 'chargebacks']]),
  ...memberCases(online, rows, 'entity_rows', 'invalid_request', [
    [],
    {},
    null,
    ['u1'],
    [null],
    [[]],
    [{ user: 'u1', merchant: 'm1' }],
    [{ user: 'u1', constructor: 'x' }],
    [{ user: 'u1', entity_id: 'u1' }],
    ...wrongIds.map((id) => [{ user: id }]),
  ]),
  ...memberCases(online, rows, 'entity_rows', 'entities_required', [[{}], [{ merchant: 'm1' }], [{ user: 'u1' }, {}]]),
  ...memberCases(online, rows, 'entity_rows', 'too_many_entities', [new Array(1001).fill({ user: 'u1' })]),
  ...memberCases(online, ofTypes, 'entities', 'entities_required', [
    {},
    { user: 'u1' },
    { user: 'u1', toString: 'm1' },
  ]),
  ...memberCases(online, ofTypes, 'entities', 'invalid_request', [
    [],
    'u1',
    null,
    { user: 'u1', merchant: 'm1', other: 'o1' },
    { user: 'u1', merchant: null },
    { user: 'u1', 'bad name': 'm1' },
    Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`t${index}`, 'x'])),
    ...wrongIds.map((id) => ({ user: 'u1', merchant: id })),
  ]),
  {
    title: 'entities with a member __proto__',
    path: online,
    rawBody: '{"entities":{"user":"u1","__proto__":"x"},"feature_names":["country"]}',
    code: 'invalid_request',
  },
  {
    title: 'an entity row with a member __proto__',
    path: online,
    rawBody: '{"entity_rows":[{"user":"u1","__proto__":"x"}],"feature_names":["country"]}',
    code: 'invalid_request',
  },
  {
    title: '400 entities of 251 features',
    path: online,
    body: { entity_ids: new Array(400).fill('u1'), feature_names: new Array(251).fill('country') },
    code: 'too_many_values',
  },
];

const batch = '/api/v1/features/batch';
const asOf = { entity_ids: ['u1'], feature_names: ['country'], timestamp: '2026-01-01T00:00:00Z' };
const spine = { entity_rows: [{ entity_id: 'u1', timestamp: 0 }], feature_names: ['country'] };
const wrongTimes = [
  '',
  'yesterday',
  '2026-13-01',
  '2026-02-30',
  '2026-01-01T25:00:00Z',
  '10000-01-01',
  infinity,
  1e300,
];
const row = (change: object) => [{ entity_id: 'u1', timestamp: 0, ...change }];

export const batchRequests: readonly WrongRequest[] = [
  ...askedCases(batch, asOf),
  ...memberCases(batch, asOf, 'entity_ids', 'invalid_request', [[], 'u1', {}, null, ...wrongIds.map((id) => [id])]),
  ...memberCases(batch, asOf, 'entity_ids', 'entities_required', [undefined]),
  ...memberCases(batch, asOf, 'entity_ids', 'too_many_rows', [
    new Array(10_001).fill('u1'),
    new Array(500_000).fill(1.5),
  ]),
  ...memberCases(batch, asOf, 'entity_rows', 'invalid_request', [[{ entity_id: 'u1', timestamp: 0 }]]),
  ...memberCases(batch, asOf, 'entity_id', 'invalid_request', ['u1']),
  ...memberCases(batch, asOf, 'timestamp', 'invalid_time', [undefined, ...wrongTimes]),
  ...memberCases(batch, asOf, 'timestamp', 'invalid_time', [null, true, {}, ['2026-01-01']]),
  ...memberCases(batch, asOf, 'known_at', 'invalid_time', wrongTimes),
  ...memberCases(batch, asOf, 'known_at', 'invalid_time', [null, true, {}]),
  ...memberCases(batch, asOf, 'feature_names', 'entities_required', [['country', 'chargebacks']]),
  ...memberCases(batch, spine, 'timestamp', 'invalid_request', ['2026-01-01']),
  ...memberCases(batch, spine, 'entity_rows', 'too_many_rows', [
    new Array(10_001).fill({}),
    new Array(500_000).fill(1),
  ]),
  ...memberCases(batch, spine, 'entity_rows', 'entities_required', [
    [{ timestamp: 0 }],
    [...row({}), { timestamp: 0 }],
  ]),
  ...memberCases(
    batch,
    spine,
    'entity_rows',
    'invalid_time',
    wrongTimes.map((timestamp) => row({ timestamp })),
  ),
  ...memberCases(batch, spine, 'entity_rows', 'invalid_time', [
    [{ entity_id: 'u1' }],
    row({ timestamp: null }),
    row({ timestamp: {} }),
  ]),
  ...memberCases(batch, spine, 'entity_rows', 'invalid_request', [
    [],
    {},
    null,
    ['u1'],
    [null],
    [[]],
    row({ features: {} }),
    row({ statuses: 1 }),
    ...wrongIds.map((entity_id) => row({ entity_id })),
  ]),
  {
    title: 'a row of a batch with a member __proto__',
    path: batch,
    rawBody: '{"entity_rows":[{"entity_id":"u1","timestamp":0,"__proto__":"x"}],"feature_names":["country"]}',
    code: 'invalid_request',
  },
  {
    title: '10,000 rows of 101 features',
    path: batch,
    body: { ...asOf, entity_ids: new Array(10_000).fill('u1'), feature_names: new Array(101).fill('country') },
    code: 'too_many_values',
  },
];
