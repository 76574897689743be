import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Route } from '../../../../shared/contract/route.ts';
import { allRoutes } from '../../../../shared/contract/routes.ts';
import { deepList, deepObject, type WrongRequest } from './wrong-request.ts';

const mostBytes = 4 * 1024 * 1024;

/** A body that each route takes, of things that are there and of names that are not taken. */
export const validBodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  registerFeature: { name: 'a_feature', dtype: 'int64', entity_type: 'user' },
  registerView: { name: 'a_view', entity_type: 'user', features: [{ name: 'a', dtype: 'int64' }] },
  registerSource: { name: 'a_source', schema: { at: 'timestamp' }, event_time: 'at' },
  registerService: { name: 'a_service', features: ['country'] },
  ingestRows: { view: 'user_profile', rows: [{ entity_id: 'u2', event_time: new Date().toISOString(), values: {} }] },
  writeEvents: { events: [{ click_id: 'e1', clicked_at: new Date().toISOString() }] },
  readOnline: { entity_id: 'u1', feature_names: ['country'] },
  readBatch: { entity_ids: ['u1'], feature_names: ['country'], timestamp: 0 },
  createTenant: { name: `acme-${crypto.randomUUID()}` },
  limitTenant: { rate_limit: null },
  createApiKey: { scopes: ['read'] },
};

/** The path of a route with something for each parameter. */
export function pathOf({ path }: Pick<Route, 'path'>): string {
  return path
    .replace('/features/{name}', '/features/country')
    .replace('/feature-views/{name}', '/feature-views/user_profile')
    .replace('/stream-sources/{name}', '/stream-sources/clicks')
    .replace('/events/{source}', '/events/clicks')
    .replace('/statistics', '/statistics?feature=country')
    .replace('/feature-services/{name}', '/feature-services/churn_model')
    .replace('/tenants/{name}', '/tenants/nobody')
    .replace('{entity_id}', 'u1')
    .replace('{id}', 'AAAAAAAAAAAA');
}

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const inUtf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'));

/** What no route takes for a body, whatever it wants to know. */
const wrongBodies = (valid: string): readonly (readonly [what: string, body: string | Uint8Array])[] => [
  ['nothing', ''],
  ['blanks', ' \n'],
  ['half an object', valid.slice(0, -1)],
  ['two objects', valid + valid],
  ['a comma too many', valid.replace(/}$/, ',}')],
  ['single quotes', valid.replaceAll('"', "'")],
  ['two byte order marks', `\ufeff\ufeff${valid}`],
  ['a byte order mark at its end', `${valid}\ufeff`],
  ['a NUL byte', '\u0000'],
  ['null', 'null'],
  ['a list', `[${valid}]`],
  ['an empty list', '[]'],
  ['a text', JSON.stringify(valid)],
  ['a number', '5'],
  ['an infinite number', '1e999'],
  ['NaN', 'NaN'],
  ['NaN in a member', `{"unknown":NaN,${valid.slice(1)}`],
  ['Infinity in a member', `{"unknown":Infinity,${valid.slice(1)}`],
  ['an unknown member', `{"unknown":1,${valid.slice(1)}`],
  ['a member __proto__', `{"__proto__":{"a":1},${valid.slice(1)}`],
  ['a member constructor', `{"constructor":{"prototype":1},${valid.slice(1)}`],
  ['a member toString', `{"toString":1,${valid.slice(1)}`],
  ['a member that is empty', `{"":1,${valid.slice(1)}`],
  ['a member with a lone surrogate', `{"\\ud800":1,${valid.slice(1)}`],
  ['a huge member', `{"${'x'.repeat(1_000_000)}":1,${valid.slice(1)}`],
  ['lists in lists', deepList],
  ['objects in objects', deepObject],
  ['lists in lists in an unknown member', `{"unknown":${deepList},${valid.slice(1)}`],
  ['objects in objects for a member', valid.replace(/:.*$/s, `:${deepObject}}`)],
  ['lists in lists for a member', valid.replace(/:.*$/s, `:${deepList}}`)],
  ['bytes that are no UTF-8', bytes(0x7b, 0xff, 0xfe, 0x7d)],
  ['UTF-8 that is cut off', bytes(0x7b, 0x22, 0xc3)],
  ['an overlong encoding', bytes(0x22, 0xc0, 0x80, 0x22)],
  ['a surrogate in UTF-8', bytes(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ['UTF-16', inUtf16(valid)],
  ['form data', 'name=a&dtype=int64'],
  ['XML', '<feature name="a"/>'],
];

const routesWithBody = allRoutes.filter(({ body }) => body !== undefined);

export const bodyRequests: readonly WrongRequest[] = routesWithBody.flatMap((route): WrongRequest[] => {
  const path = pathOf(route);
  const method = route.method.toUpperCase();
  const key = route.access === 'platform' ? 'platform' : 'admin';
  const valid = JSON.stringify(validBodies[route.id]);
  // Its one member is a list, whose entries are refused by themselves.
  const isTaken = (what: string): boolean => route.id === 'writeEvents' && what === 'lists in lists for a member';
  const wrong = wrongBodies(valid).filter(([what]) => !isTaken(what));
  const refused = wrong.map(
    ([what, rawBody]): WrongRequest => ({
      title: `${route.id} given ${what}`,
      method,
      path,
      key,
      rawBody,
      code: 'invalid_request',
    }),
  );
  const tooLarge = valid + ' '.repeat(mostBytes + 1 - valid.length);
  return [
    ...refused,
    { title: `${route.id} given over 4 MiB`, method, path, key, rawBody: tooLarge, code: 'payload_too_large' },
    {
      title: `${route.id} given over 4 MiB and told so`,
      method,
      path,
      key,
      rawBody: tooLarge,
      headers: { 'content-length': String(mostBytes + 1) },
      code: 'payload_too_large',
    },
    {
      title: `${route.id} given gzip`,
      method,
      path,
      key,
      rawBody: gzipSync(valid),
      headers: { 'content-encoding': 'gzip' },
      code: 'invalid_request',
      members: { detail: expect.stringContaining('content-encoding') },
    },
    {
      title: `${route.id} told of 5 GB to come`,
      method,
      path,
      key,
      rawBody: valid,
      headers: { 'content-length': '5000000000' },
      code: 'payload_too_large',
    },
    {
      title: `${route.id} given over 4 MiB and told of less`,
      method,
      path,
      key,
      rawBody: tooLarge,
      headers: { 'content-length': '100' },
      code: 'payload_too_large',
    },
  ];
});

/** A well-formed key that nobody has would need the checksum; this one has not. */
const wellFormed = `fs_AAAAAAAAAAAA_${'A'.repeat(36)}`;

const wrongCredentials: readonly (readonly [what: string, headers: Readonly<Record<string, string>>])[] = [
  ['no key', {}],
  ['an empty key', { 'x-api-key': '' }],
  ['a made-up key', { 'x-api-key': wellFormed }],
  ['a laptop key', { 'x-api-key': 'tenant1_key' }],
  ['SQL for a key', { 'x-api-key': "' OR '1'='1" }],
  ['a huge key', { 'x-api-key': 'x'.repeat(10_000) }],
  ['a key named __proto__', { 'x-api-key': '__proto__' }],
  ['a made-up bearer token', { authorization: `Bearer ${wellFormed}` }],
  ['an empty bearer token', { authorization: 'Bearer ' }],
  ['a password', { authorization: 'Basic dXNlcjpwYXNz' }],
  ['two keys', { authorization: `Bearer ${wellFormed}`, 'x-api-key': 'tenant1_key' }],
];

const routesWithKey = allRoutes.filter(({ access }) => access !== 'none');

export const credentialRequests: readonly WrongRequest[] = routesWithKey.flatMap((route) =>
  wrongCredentials.map(
    ([what, headers]): WrongRequest => ({
      title: `${route.id} with ${what}`,
      method: route.method.toUpperCase(),
      path: pathOf(route),
      ...(route.body === undefined ? {} : { body: validBodies[route.id] }),
      key: 'none',
      headers,
      code: 'unauthenticated',
    }),
  ),
);

/** Keys whose scope does not do. */
const lesserKeys = { read: [], write: ['read'], admin: ['read', 'write'] } as const;

export const scopeRequests: readonly WrongRequest[] = routesWithKey.flatMap((route) => {
  const { access } = route;
  const lesser =
    access === 'platform' || access === 'none' ? (['read', 'write', 'admin'] as const) : lesserKeys[access];
  return lesser.map(
    (key): WrongRequest => ({
      title: `${route.id} with a key of scope ${key}`,
      method: route.method.toUpperCase(),
      path: pathOf(route),
      ...(route.body === undefined ? {} : { body: validBodies[route.id] }),
      key,
      code: access === 'platform' ? 'unauthenticated' : 'forbidden',
    }),
  );
});
