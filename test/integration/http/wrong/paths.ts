import { badNames, unstorableTexts, type WrongRequest } from './wrong-request.ts';

const get = (path: string, code: WrongRequest['code']): WrongRequest => ({
  title: `GET ${path.length > 90 ? `${path.slice(0, 90)}…` : path}`,
  method: 'GET',
  path,
  code,
});

const encodable = badNames.filter((name) => name !== '' && name.isWellFormed());
const longText = 'x'.repeat(257);

const wrongPages = [
  'limit=0',
  'limit=-1',
  'limit=1001',
  'limit=1.5',
  'limit=',
  'limit=x',
  'limit=1e2',
  'limit=0x10',
  'limit=%205',
  'limit=NaN',
  'limit=Infinity',
  'limit=99999999999999999999',
  'limit=5&limit=6',
  'limit=1&limit=1',
  'cursor=',
  'cursor=!!',
  'cursor=a%20b',
  'cursor=%00',
  'cursor=YWJj=',
  'cursor=a&cursor=b',
  `cursor=${longText}`,
  'cursor=%FF',
  'page=2',
  'Limit=5',
  'constructor=1',
  '__proto__=1',
  'toString=1',
  'limit%00=1',
  '=5',
];

const lists = ['/api/v1/features', '/api/v1/feature-views', '/api/v1/feature-services', '/api/v1/stream-sources'];

export const listRequests: readonly WrongRequest[] = [
  ...lists.flatMap((path) => wrongPages.map((query) => get(`${path}?${query}`, 'invalid_request'))),
  ...['entity_type', 'tag', 'view', 'q'].flatMap((parameter) =>
    ['%00', 'a%00b', '%FF', '%ED%A0%80', '%', longText, `a&${parameter}=b`].map((value) =>
      get(`/api/v1/features?${parameter}=${value}`, 'invalid_request'),
    ),
  ),
  ...['tag', 'view', 'q'].map((parameter) => get(`/api/v1/feature-views?${parameter}=a`, 'invalid_request')),
];

export const nameRequests: readonly WrongRequest[] = [
  ...lists.flatMap((path) => [
    ...encodable.map((name) => get(`${path}/${encodeURIComponent(name)}`, 'invalid_name')),
    ...['%FF', '%ED%A0%80', 'a%', '%E0%A4%A'].map((name) => get(`${path}/${name}`, 'invalid_request')),
    get(`${path}/a@0`, path === '/api/v1/features' ? 'invalid_name' : 'invalid_name'),
  ]),
  get('/api/v1/features/nothing', 'feature_not_found'),
  get('/api/v1/features/other_feature', 'feature_not_found'),
  get('/api/v1/features/constructor', 'feature_not_found'),
  get('/api/v1/features/user_profile:toString', 'feature_not_found'),
  get('/api/v1/features/user_profile@2:age', 'view_not_found'),
  get('/api/v1/features/other_view:other_feature', 'view_not_found'),
  {
    ...get('/api/v1/features/age', 'ambiguous_feature'),
    members: { candidates: ['user_activity:age', 'user_profile:age'] },
  },
  get('/api/v1/feature-views/nothing', 'view_not_found'),
  get('/api/v1/feature-views/other_view', 'view_not_found'),
  get('/api/v1/feature-views/constructor', 'view_not_found'),
  get('/api/v1/feature-views/user_profile@2', 'view_not_found'),
  get('/api/v1/feature-services/nothing', 'service_not_found'),
  get('/api/v1/feature-services/other_service', 'service_not_found'),
  get('/api/v1/feature-services/toString', 'service_not_found'),
  get('/api/v1/feature-services/churn_model@2', 'service_not_found'),
  get('/api/v1/stream-sources/nothing', 'source_not_found'),
  get('/api/v1/stream-sources/other_source', 'source_not_found'),
  get('/api/v1/stream-sources/constructor', 'source_not_found'),
  get('/api/v1/stream-sources/clicks@1', 'invalid_name'),
];

const remove = (path: string, code: WrongRequest['code']): WrongRequest => ({
  title: `DELETE ${path.length > 90 ? `${path.slice(0, 90)}…` : path}`,
  method: 'DELETE',
  path,
  code,
});

const keyIds = ['nothing', 'A'.repeat(12), 'a%00', '%F0%9F%92%A5', "'%20OR%201=1", 'x'.repeat(3000), '__proto__'];

export const deletionRequests: readonly WrongRequest[] = [
  remove(`/api/v1/cache/invalidate/${'x'.repeat(513)}`, 'invalid_request'),
  remove('/api/v1/cache/invalidate/a%00b', 'invalid_request'),
  remove('/api/v1/cache/invalidate/%FF', 'invalid_request'),
  remove('/api/v1/cache/invalidate/%ED%A0%80', 'invalid_request'),
  remove('/api/v1/cache/invalidate/u1?entity_type=a%00', 'invalid_request'),
  remove('/api/v1/cache/invalidate/u1?entity_type=%FF', 'invalid_request'),
  remove('/api/v1/cache/invalidate/u1?entity_type=user&entity_type=merchant', 'invalid_request'),
  remove('/api/v1/cache/invalidate/u1?entity=user', 'invalid_request'),
  remove('/api/v1/cache/invalidate/u1?__proto__=user', 'invalid_request'),
  ...keyIds.map((id) => remove(`/api/v1/api-keys/${id}`, 'not_found')),
  remove('/api/v1/api-keys/%FF', 'invalid_request'),
  ...keyIds.map(
    (id): WrongRequest => ({
      title: `POST rotate of key ${id.slice(0, 20)}`,
      path: `/api/v1/api-keys/${id}/rotate`,
      code: 'not_found',
    }),
  ),
];

export const pathRequests: readonly WrongRequest[] = [
  '/',
  '/api',
  '/api/v1',
  '/api/v2/features',
  '/api/v1/feature',
  '/api/v1/features/',
  '/api/v1/features/a/b',
  '//api/v1/features',
  '/API/v1/features',
  '/api/v1/feature-views/a/statistics/b',
  '/api/v1/cache/invalidate/',
  '/api/v1/cache/invalidate',
  '/health/',
  '/health/live',
  '/metrics/x',
  '/docs/',
  '/docs/../../etc/passwd',
  '/docs/%2e%2e%2fpackage.json',
  '/docs/reference.js.map',
  '/openapi.yaml',
  '/.env',
  '/__proto__',
  '/constructor',
  '/api/v1/features%00',
].map((path) => get(path, 'not_found'));

const keys = '/api/v1/api-keys';
const tenants = '/api/v1/tenants';
const texts = unstorableTexts.map(([, text]) => text);

const post = (path: string, body: unknown, code: WrongRequest['code']): WrongRequest => ({
  title: `POST ${path} ${JSON.stringify(body).slice(0, 60)}`,
  path,
  body,
  code,
  key: path === tenants ? 'platform' : 'admin',
});

export const tenancyRequests: readonly WrongRequest[] = [
  ...[[], 'read', ['root'], [1], [null], {}, null, ['read', 'read', 'read', 'read'], ['constructor']].map((scopes) =>
    post(keys, { scopes }, 'invalid_request'),
  ),
  ...[1, null, 'x'.repeat(1025), [], ...texts].map((description) => post(keys, { description }, 'invalid_request')),
  post(keys, { tenant: 'other' }, 'invalid_request'),
  ...['', 'A', 'a b', '-a', '_a', 'a.b', 'é', 'x'.repeat(64), '__proto__', "a'; --", 'a\u0000', 'a\ud800', 'a\n'].map(
    (name) => post(tenants, { name }, 'invalid_name'),
  ),
  ...[1, null, [], {}].map((name) => post(tenants, { name }, 'invalid_request')),
  post(tenants, {}, 'invalid_request'),
  post(tenants, { name: 'acme', tenant_id: 't_x' }, 'invalid_request'),
];
