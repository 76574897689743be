import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes } from '../../../shared/contract/errors.ts';
import { allRoutes } from '../../../shared/contract/routes.ts';
import { wrongRequests } from './wrong/all.ts';
import { pathOf } from './wrong/every-route.ts';
import { openWrongStore, type WrongStore } from './wrong/wrong-store.ts';

let wrong: WrongStore;
let before: unknown;

beforeAll(async () => {
  wrong = await openWrongStore();
  before = await wrong.census();
});
afterAll(() => wrong.close());

describe.each(wrongRequests)('%s', (_, requests) => {
  test.for(requests.map((request) => [request.title, request] as const))('%s is refused', async ([, request]) => {
    const { method = 'POST', path, body, rawBody, headers, key = 'admin', code, members = {} } = request;
    const answer = await wrong.store.request(method, path, {
      key: wrong.keys[key],
      ...(body === undefined ? {} : { body }),
      ...(rawBody === undefined ? {} : { rawBody }),
      ...(headers === undefined ? {} : { headers }),
    });
    const { status, title } = errorCodes[code];
    expect(answer.json).toMatchObject({ type: `urn:feature-store:error:${code}`, title, status, code, ...members });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-request-id')).toBe(answer.json.request_id);
    expect(answer.json.detail).toMatch(/./);
    expect(answer.text.length).toBeLessThan(5000);
  });
});

test('there are over a thousand of them, and none left a row, a definition, a table or a key behind', async () => {
  expect(wrongRequests.flatMap(([, requests]) => requests).length).toBeGreaterThan(1000);
  expect(await wrong.census()).toEqual(before);
});

const routesByPath = [...Map.groupBy(allRoutes, ({ path }) => path.replaceAll(/\{\w+\}/g, '{}')).values()];

/** Each path with a method that it does not take, and those that it does. */
const wrongMethods = routesByPath.flatMap((routes) => {
  const path = pathOf(routes[0] ?? { path: '' });
  const taken = routes.map(({ method }) => method.toUpperCase());
  // A feature may have any name, such as `register`.
  if (/^\/api\/v1\/features\/(register|ingest|online|batch)$/.test(path)) taken.push('GET');
  const allowed = taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
  return methods.filter((method) => !allowed.includes(method)).map((method) => [method, path, allowed] as const);
});

test.each(wrongMethods)('%s %s is not taken, and the answer says what is', async (method, path, allowed) => {
  const answer = await wrong.store.request(method, path);
  expect(answer.status).toBe(405);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('allow')?.split(', ').sort()).toEqual([...allowed].sort());
  // HEAD has no body.
  if (method !== 'HEAD') expect(answer.json).toMatchObject({ status: 405, code: 'method_not_allowed' });
});
