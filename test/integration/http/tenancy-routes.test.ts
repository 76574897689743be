import { afterAll, beforeAll, expect, test } from 'vitest';
import { tenancyRoutes } from '../../../shared/contract/tenancy.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { answerOf } from './answer-of.ts';

const platformKey = 'the platform key of the tests';
const keys = '/api/v1/api-keys';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore({ settings: { PLATFORM_API_KEY: platformKey } });
});
afterAll(() => store.close());

test('the platform key makes a tenant, whose admin key works at once', async () => {
  const name = `acme-${crypto.randomUUID()}`;
  const answer = await store.post('/api/v1/tenants', { name }, { key: platformKey });
  const tenant = answerOf(tenancyRoutes.createTenant, 201, answer);
  expect(tenant).toMatchObject({ name, tenant_id: expect.stringMatching(/^t_[a-z]{12}$/), cell: 'default' });
  const listed = await store.get(keys, { key: tenant.api_key.key });
  expect(answerOf(tenancyRoutes.listApiKeys, 200, listed).api_keys).toMatchObject([{ scopes: ['admin'] }]);

  const again = await store.post('/api/v1/tenants', { name }, { key: platformKey });
  expect(again.json).toMatchObject({ status: 409, code: 'tenant_exists' });
  const headers = { authorization: `Bearer ${platformKey}` };
  const bearer = await store.post('/api/v1/tenants', { name }, { key: null, headers });
  expect(bearer.json.code).toBe('tenant_exists');
});

test('without a platform key nobody makes a tenant', async () => {
  const closed = await createFeatureStore();
  for (const key of [platformKey, closed.tenant.key, '', 'undefined']) {
    const answer = await closed.post('/api/v1/tenants', { name: 'acme' }, { key });
    expect(answer.json).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  }
  await closed.close();
});

test('a key is made, listed without its secret, rotated and ended', async () => {
  const description = 'naïve \u{1f4a5} "key"';
  const made = answerOf(
    tenancyRoutes.createApiKey,
    201,
    await store.post(keys, { scopes: ['write', 'read'], description }),
  );
  expect(made).toMatchObject({ scopes: ['read', 'write'], description });
  const listing = await store.get(keys);
  expect(listing.text).not.toContain(made.key);
  const { key: _, ...visible } = made;
  expect(answerOf(tenancyRoutes.listApiKeys, 200, listing).api_keys).toContainEqual(visible);

  const rotation = await store.post(`${keys}/${made.key_id}/rotate`, undefined);
  const rotated = answerOf(tenancyRoutes.rotateApiKey, 201, rotation);
  expect(rotated).toMatchObject({ scopes: made.scopes, description });
  expect(rotated.key_id).not.toBe(made.key_id);
  expect((await store.get('/api/v1/features', { key: rotated.key })).status).toBe(200);
  // Never used before its end, so no process remembers it.
  expect((await store.get('/api/v1/features', { key: made.key })).json.code).toBe('unauthenticated');

  const unused = answerOf(tenancyRoutes.createApiKey, 201, await store.post(keys, {}));
  expect(unused).toMatchObject({ scopes: ['read'], description: '' });
  const ended = await store.request('DELETE', `${keys}/${unused.key_id}`);
  expect([ended.status, ended.text]).toEqual([204, '']);
  expect(ended.headers.get('content-type')).toBeNull();
  expect((await store.request('DELETE', `${keys}/${unused.key_id}`)).json.code).toBe('not_found');
  expect((await store.get('/api/v1/features', { key: unused.key })).json.code).toBe('unauthenticated');
});

test('a key is taken from either header, also in both', async () => {
  const { key } = store.tenant;
  for (const headers of [
    { authorization: `Bearer ${key}` },
    { authorization: `bearer ${key}` },
    { authorization: `Bearer ${key}`, 'x-api-key': key },
    { authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': key },
  ]) {
    expect((await store.get('/api/v1/features', { key: null, headers })).status).toBe(200);
  }
});
