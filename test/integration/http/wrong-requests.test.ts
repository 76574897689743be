import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes } from '../../../shared/contract/errors.ts';
import { bodyRequests, credentialRequests, scopeRequests } from './wrong/every-route.ts';
import { ingestRequests, ndjsonRequests } from './wrong/ingest.ts';
import { deletionRequests, listRequests, nameRequests, pathRequests, tenancyRequests } from './wrong/paths.ts';
import { batchRequests, onlineRequests } from './wrong/reads.ts';
import { featureRequests, serviceRequests, viewRequests } from './wrong/registration.ts';
import type { WrongRequest } from './wrong/wrong-request.ts';
import { openWrongStore, type WrongStore } from './wrong/wrong-store.ts';

let wrong: WrongStore;
let before: unknown;

beforeAll(async () => {
  wrong = await openWrongStore();
  before = await wrong.census();
});
afterAll(() => wrong.close());

const tables: readonly (readonly [what: string, requests: readonly WrongRequest[]])[] = [
  ['registering a feature', featureRequests],
  ['registering a view', viewRequests],
  ['registering a service', serviceRequests],
  ['ingesting', ingestRequests],
  ['ingesting NDJSON', ndjsonRequests],
  ['reading online', onlineRequests],
  ['reading a batch', batchRequests],
  ['listing', listRequests],
  ['reading by name', nameRequests],
  ['deleting', deletionRequests],
  ['managing tenants and keys', tenancyRequests],
  ['a path that is none', pathRequests],
  ['any body', bodyRequests],
  ['any route without a valid key', credentialRequests],
  ['any route with too small a scope', scopeRequests],
];

describe.each(tables)('%s', (_, requests) => {
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
  expect(tables.flatMap(([, requests]) => requests).length).toBeGreaterThan(1000);
  expect(await wrong.census()).toEqual(before);
});
