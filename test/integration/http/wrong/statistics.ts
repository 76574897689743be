import { badNames, type WrongRequest } from './wrong-request.ts';

const get = (query: string, code: WrongRequest['code'], view = 'user_profile'): WrongRequest => {
  const path = `/api/v1/feature-views/${view}/statistics${query}`;
  return { title: `GET ${path.length > 120 ? `${path.slice(0, 120)}…` : path}`, method: 'GET', path, code };
};

const wrongTimes = [
  '',
  'yesterday',
  '2026-13-01',
  '2026-02-30',
  '2026-01-01T25:00:00Z',
  '10000-01-01',
  '1767225600000',
];

export const statisticsRequests: readonly WrongRequest[] = [
  get('', 'invalid_request'),
  get('?from=2026-01-01', 'invalid_request'),
  ...['feature=age&feature=age', 'feature=age&limit=5', 'feature=age&__proto__=1', 'feature=%FF', 'Feature=age'].map(
    (query) => get(`?${query}`, 'invalid_request'),
  ),
  ...badNames
    .filter((name) => name.isWellFormed())
    .map((name) => get(`?feature=${encodeURIComponent(name)}`, 'invalid_name')),
  ...['user_profile:age', 'user_profile@1:age', 'age@1'].map((name) => get(`?feature=${name}`, 'invalid_name')),
  ...['nothing', 'chargebacks', 'other_feature', 'constructor', 'entity_id', 'revision', 'hour', 'AGE'].map((name) =>
    get(`?feature=${name}`, 'feature_not_found'),
  ),
  ...['nothing', 'other_view', 'user_profile@2', 'constructor'].map((view) =>
    get('?feature=age', 'view_not_found', view),
  ),
  ...['user_profile@0', 'user%20profile', "a'%20OR%201=1", 'user_profile:age'].map((view) =>
    get('?feature=age', 'invalid_name', view),
  ),
  ...['from', 'to'].flatMap((member) =>
    wrongTimes.map((time) => get(`?feature=age&${member}=${time}`, 'invalid_time')),
  ),
  get('?feature=age&from=2026-01-01T00:00:00+02:00', 'invalid_time'), // a plus is a blank there
  get('?feature=age&from=2026-01-01&to=2026-01-01', 'invalid_request'),
  get('?feature=age&from=2026-01-01T00:00:00.000001Z&to=2026-01-01', 'invalid_request'),
  get('?feature=age&from=2250-01-01', 'invalid_request'),
  get('?feature=age&from=2025-01-01&to=2026-02-21T16:00:00.000001Z', 'invalid_request'),
  get('?feature=age&from=1970-01-01', 'invalid_request'),
];
