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

test('a tenant and a key are made with limits, which are shown, changed and taken back', async () => {
  const name = `acme-${crypto.randomUUID()}`;
  const body = { name, rate_limit: { requests_per_second: 500, burst: 1000 } };
  const tenant = answerOf(
    tenancyRoutes.createTenant,
    201,
    await store.post('/api/v1/tenants', body, { key: platformKey }),
  );
  expect(tenant).toMatchObject({ rate_limit: body.rate_limit, api_key: { rate_limit: null } });

  const change = (rate_limit: unknown) =>
    store.request('PUT', `/api/v1/tenants/${name}/rate-limit`, { key: platformKey, body: { rate_limit } });
  const lowered = answerOf(tenancyRoutes.limitTenant, 200, await change({ requests_per_second: 50 }));
  expect(lowered).toMatchObject({
    name,
    tenant_id: tenant.tenant_id,
    rate_limit: { requests_per_second: 50, burst: 50 },
  });
  expect(answerOf(tenancyRoutes.limitTenant, 200, await change(null)).rate_limit).toBeNull();

  const { key } = tenant.api_key;
  const made = await store.post(keys, { rate_limit: { requests_per_second: 5 } }, { key });
  const limited = answerOf(tenancyRoutes.createApiKey, 201, made);
  expect(limited.rate_limit).toEqual({ requests_per_second: 5, burst: 5 });
  const rotated = await store.post(`${keys}/${limited.key_id}/rotate`, undefined, { key });
  expect(answerOf(tenancyRoutes.rotateApiKey, 201, rotated).rate_limit).toEqual(limited.rate_limit);
});

test('a limit that is none is refused, and so is one of nobody', async () => {
  const path = '/api/v1/tenants/nobody/rate-limit';
  const wrong = [0, -1, 1.5, '10', null, true, 100_001, {}];
  const limits = [
    ...wrong.map((requests_per_second) => ({ requests_per_second })),
    ...[0, 1.5, '10', null, 1_000_001].map((burst) => ({ requests_per_second: 1, burst })),
    { burst: 1 },
    { requests_per_second: 1, window: 1 },
    [],
    'none',
  ];
  for (const rate_limit of limits) {
    const answers = [
      await store.request('PUT', path, { key: platformKey, body: { rate_limit } }),
      await store.post('/api/v1/tenants', { name: 'acme', rate_limit }, { key: platformKey }),
      await store.post(keys, { rate_limit }),
    ];
    expect(answers.map(({ json }) => json.code)).toEqual(Array(3).fill('invalid_request'));
  }
  const body = { rate_limit: null };
  expect((await store.request('PUT', path, { key: platformKey, body })).json.code).toBe('not_found');
  expect((await store.request('PUT', path, { body })).json.code).toBe('unauthenticated');
  const named = await store.request('PUT', '/api/v1/tenants/No%20Name/rate-limit', { key: platformKey, body });
  expect(named.json.code).toBe('invalid_name');
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
