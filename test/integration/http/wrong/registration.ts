import { badNames, memberCases, notText, unstorableTexts, type WrongRequest } from './wrong-request.ts';

const infinity = Number.POSITIVE_INFINITY;
const texts = unstorableTexts.map(([, text]) => text);

const columnsOfEveryTable = [
  'entity_id',
  'EVENT_TIME',
  'created_at',
  'recorded_at',
  'revision',
  'ctid',
  'xmin',
  'XMAX',
  'cmin',
  'cmax',
  'tableoid',
];
const membersOfEveryRow = ['entity_id', 'timestamp', 'features', 'statuses', 'values', 'Metadata'];
const unknownDtypes = ['float', 'FLOAT64', '', 'float64[][]', 'constructor', '__proto__', 'int64; DROP', 5, null, []];
const wrongTimesToLive = [0, -1, '24', infinity, 1_000_001, true, [24]];
const wrongVersions = [0, -1, 1.5, '1', 100_000, infinity, null, [1]];
const wrongDescriptions = [5, null, ['a'], 'x'.repeat(4097), ...texts];
const wrongTags = [
  'a',
  { a: 1 },
  [1],
  [null],
  [''],
  ['x'.repeat(129)],
  new Array(51).fill('a'),
  texts,
  ['__proto__', 5],
];
const wrongOwners = [5, ['a'], 'x'.repeat(257), ...texts];

const features = '/api/v1/features/register';
const feature = { name: 'a_feature', dtype: 'int64', entity_type: 'user' };

export const featureRequests: readonly WrongRequest[] = [
  ...memberCases(features, feature, 'name', 'invalid_name', badNames),
  ...memberCases(features, feature, 'name', 'invalid_request', notText),
  ...memberCases(features, feature, 'name', 'reserved_name', columnsOfEveryTable),
  ...memberCases(features, feature, 'entity_type', 'invalid_name', badNames),
  ...memberCases(features, feature, 'entity_type', 'reserved_name', membersOfEveryRow),
  ...memberCases(features, feature, 'entity_type', 'invalid_request', notText),
  ...memberCases(features, feature, 'view', 'invalid_name', badNames),
  ...memberCases(features, feature, 'view', 'invalid_request', notText),
  ...memberCases(features, feature, 'dtype', 'invalid_dtype', unknownDtypes),
  ...memberCases(features, feature, 'version', 'invalid_request', wrongVersions),
  ...memberCases(features, feature, 'version', 'version_conflict', [2, 99_999]),
  ...memberCases(features, feature, 'ttl_hours', 'invalid_request', wrongTimesToLive),
  ...memberCases(features, feature, 'description', 'invalid_request', wrongDescriptions),
  ...memberCases(features, feature, 'tags', 'invalid_request', wrongTags),
  ...memberCases(features, feature, 'owner', 'invalid_request', wrongOwners),
  ...memberCases(features, { ...feature, view: 'user_profile' }, 'entity_type', 'version_conflict', ['merchant']),
  {
    title: 'a feature that two views of its entity type have, without naming one',
    path: features,
    body: { name: 'age', dtype: 'int64', entity_type: 'user' },
    code: 'ambiguous_feature',
    members: { candidates: ['user_activity', 'user_profile'] },
  },
  {
    title: 'version 1 of a feature with another dtype',
    path: features,
    body: { name: 'country', dtype: 'int64', entity_type: 'user', version: 1 },
    code: 'version_conflict',
    members: { differences: ['dtype of country is string, not int64'] },
  },
  {
    title: 'version 1 of a feature with another TTL',
    path: features,
    body: { name: 'country', dtype: 'string', entity_type: 'user', version: 1, ttl_hours: 5 },
    code: 'version_conflict',
  },
  {
    title: 'a feature without a name',
    path: features,
    body: { dtype: 'int64', entity_type: 'user' },
    code: 'invalid_request',
  },
  {
    title: 'a feature without a dtype',
    path: features,
    body: { name: 'a', entity_type: 'user' },
    code: 'invalid_dtype',
  },
];

const views = '/api/v1/feature-views';
const view = { name: 'a_view', entity_type: 'user', features: [{ name: 'a', dtype: 'int64' }] };
const withFeature = (change: object) => [{ name: 'a', dtype: 'int64', ...change }];
const manyFeatures = Array.from({ length: 501 }, (_, index) => ({ name: `f${index}`, dtype: 'int64' }));

export const viewRequests: readonly WrongRequest[] = [
  ...memberCases(views, view, 'name', 'invalid_name', badNames),
  ...memberCases(views, view, 'name', 'invalid_request', notText),
  ...memberCases(views, view, 'entity_type', 'invalid_name', badNames),
  ...memberCases(views, view, 'entity_type', 'reserved_name', membersOfEveryRow),
  ...memberCases(views, view, 'features', 'invalid_request', [[], {}, 'a', null, [null], [1], [[]], ['a']]),
  ...memberCases(views, view, 'features', 'invalid_request', [
    [...withFeature({}), ...withFeature({ dtype: 'string' })],
    withFeature({ unknown: 1 }),
    withFeature({ ttl_hours: 0 }),
    withFeature({ ttl_hours: infinity }),
    ...texts.map((text) => withFeature({ description: text })),
    ...texts.map((text) => withFeature({ tags: [text] })),
  ]),
  ...memberCases(
    views,
    view,
    'features',
    'invalid_name',
    badNames.map((name) => withFeature({ name })),
  ),
  ...memberCases(
    views,
    view,
    'features',
    'reserved_name',
    columnsOfEveryTable.map((name) => withFeature({ name })),
  ),
  ...memberCases(
    views,
    view,
    'features',
    'invalid_dtype',
    unknownDtypes.map((dtype) => withFeature({ dtype })),
  ),
  ...memberCases(views, view, 'features', 'too_many_features', [manyFeatures]),
  ...memberCases(views, view, 'version', 'invalid_request', wrongVersions),
  ...memberCases(views, view, 'version', 'version_conflict', [2, 99_999]),
  ...memberCases(views, view, 'ttl_hours', 'invalid_request', wrongTimesToLive),
  ...memberCases(views, view, 'description', 'invalid_request', wrongDescriptions),
  ...memberCases(views, view, 'tags', 'invalid_request', wrongTags),
  ...memberCases(views, view, 'owner', 'invalid_request', wrongOwners),
  ...memberCases(views, view, 'retention_days', 'invalid_request', [-1, 1.5, '90', 36_501, infinity, null]),
  ...memberCases(views, view, 'max_staleness_seconds', 'invalid_request', [0, -1, 1.5, '60', infinity]),
  ...['other_dtype', 'gone'].map(
    (what): WrongRequest => ({
      title: `version 1 of a view again with ${what}`,
      path: views,
      body: {
        name: 'merchant_risk',
        version: 1,
        entity_type: 'merchant',
        features: [what === 'gone' ? { name: 'b', dtype: 'int64' } : { name: 'chargebacks', dtype: 'int64' }],
      },
      code: 'version_conflict',
    }),
  ),
  {
    title: 'version 1 of a view again with another entity type',
    path: views,
    body: {
      name: 'merchant_risk',
      version: 1,
      entity_type: 'user',
      features: [{ name: 'chargebacks', dtype: 'float64' }],
    },
    code: 'version_conflict',
    members: { differences: ['entity_type is merchant, not user'] },
  },
  {
    title: 'version 3 of a view that has one',
    path: views,
    body: { name: 'merchant_risk', version: 3, entity_type: 'merchant', features: withFeature({}) },
    code: 'version_conflict',
  },
];

const services = '/api/v1/feature-services';
const service = { name: 'a_service', features: ['country'] };

export const serviceRequests: readonly WrongRequest[] = [
  ...memberCases(services, service, 'name', 'invalid_name', badNames),
  ...memberCases(services, service, 'name', 'invalid_request', notText),
  ...memberCases(services, service, 'features', 'invalid_request', [
    [],
    'country',
    {},
    null,
    [1],
    [null],
    [['country']],
  ]),
  ...memberCases(
    services,
    service,
    'features',
    'invalid_name',
    badNames.map((name) => [name]),
  ),
  ...memberCases(services, service, 'features', 'invalid_name', [
    ['user_profile:'],
    [':age'],
    ['user_profile@0:age'],
    ['user_profile@:age'],
    ['user_profile@1'],
    ['user_profile@999999:age'],
    ['a:b:c'],
  ]),
  ...memberCases(services, service, 'features', 'feature_not_found', [
    ['nothing'],
    ['country', 'user_profile:nothing'],
    ['other_feature'],
    ['constructor'],
    ['user_profile:toString'],
  ]),
  ...memberCases(services, service, 'features', 'view_not_found', [
    ['nothing:age'],
    ['user_profile@2:age'],
    ['other_view:other_feature'],
    ['constructor:constructor'],
  ]),
  ...memberCases(services, service, 'features', 'too_many_features', [new Array(501).fill('country')]),
  ...memberCases(services, service, 'description', 'invalid_request', wrongDescriptions),
  ...memberCases(services, service, 'tags', 'invalid_request', wrongTags),
  ...memberCases(services, service, 'owner', 'invalid_request', wrongOwners),
  ...memberCases(services, service, 'version', 'invalid_request', [1]),
  {
    title: 'a service of an ambiguous feature',
    path: services,
    body: { name: 'a_service', features: ['age'] },
    code: 'ambiguous_feature',
    members: { candidates: ['user_activity:age', 'user_profile:age'] },
  },
];
