import { GetItemCommand, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import {
  type ApiKeyMaker,
  createApiKey,
  createAuthenticator,
  createTenant,
  deleteApiKey,
  findTenant,
  limitTenant,
  listApiKeys,
  listTenants,
  rotateApiKey,
} from '../../../shared/tenancy/index.ts';
import { connect, createTestClock, peppers, recordCalls, setUpTables } from './tenancy-setup.ts';

const notFound = expect.objectContaining({ code: 'not_found' });

async function setUp() {
  const maker: ApiKeyMaker = { dynamodb: await setUpTables(), clock: createTestClock(), peppers };
  return { maker, authenticate: createAuthenticator({ ...maker, cacheSeconds: 0 }) };
}

async function setUpTenant(maker: ApiKeyMaker, name: string) {
  const { tenant, apiKey } = await createTenant(maker, { name });
  return { tenant, apiKey, context: { tenantId: tenant.tenantId, tenantName: name } };
}

const reader = { cell: 'default', scopes: ['read'], description: 'reader' } as const;

test('tables are made once, also by several processes at once', async () => {
  const several = Array.from({ length: 4 }, () => connect('made-at-once-'));
  await Promise.all(several.map(ensureTables));
  await Promise.all(several.map(ensureTables));
  const { TableNames = [] } = await connect('').client.send(new ListTablesCommand({}));
  expect(TableNames.filter((name) => name.startsWith('made-at-once-'))).toEqual([
    'made-at-once-api-keys',
    'made-at-once-idempotency',
    'made-at-once-registry-snapshots',
    'made-at-once-tenants',
  ]);
});

test('a tenant is found by its name, with an id of its own and an admin key', async () => {
  const { maker, authenticate } = await setUp();
  const { tenant, apiKey } = await setUpTenant(maker, 'acme');
  expect(tenant).toEqual({
    name: 'acme',
    tenantId: expect.stringMatching(/^t_[a-z]{12}$/),
    cell: 'default',
    layout: 1,
    createdAt: '2026-01-31T12:00:00.000Z',
  });
  expect(await findTenant(maker, 'acme')).toEqual(tenant);
  expect(await authenticate(apiKey.key)).toMatchObject({
    tenant: { tenantId: tenant.tenantId, tenantName: 'acme' },
    scopes: new Set(['read', 'write', 'admin']),
  });
});

test('a tenant that nobody made is not found', async () => {
  const { maker } = await setUp();
  expect(await findTenant(maker, 'nobody')).toBeUndefined();
});

test('two tenants of one name cannot exist, also when made at once', async () => {
  const { maker } = await setUp();
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => createTenant(maker, { name: 'acme' })));
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.tenant] : []));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(made).toHaveLength(1);
  expect(refused).toHaveLength(9);
  for (const reason of refused) expect(reason).toMatchObject({ code: 'tenant_exists' });
  expect(await listTenants(maker)).toEqual(made);
  // Nor is a key left of those that were refused.
  const { client, tables } = maker.dynamodb;
  const { Items = [] } = await client.send(new ScanCommand({ TableName: tables.apiKeys }));
  expect(Items.map((item) => item.tenant_id)).toEqual(made.map(({ tenantId }) => ({ S: tenantId })));
  await expect(createTenant(maker, { name: 'acme' })).rejects.toMatchObject({ code: 'tenant_exists' });
});

test('a put that was sent again because its answer was lost is no conflict', async () => {
  const { maker } = await setUp();
  let losing = true;
  maker.dynamodb.client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      losing = !losing;
      // Every other answer is lost after the server has done what was asked.
      if (!losing) throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      return answer;
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  const calls = recordCalls(maker.dynamodb);
  const { tenant } = await createTenant(maker, { name: 'acme' });
  expect(await findTenant(maker, 'acme')).toEqual(tenant);
  expect(calls).toEqual(['PutItemCommand', 'PutItemCommand', 'GetItemCommand']);
});

test('all tenants are listed over several pages', async () => {
  const { maker } = await setUp();
  maker.dynamodb.client.middlewareStack.add((next) => (args) => next({ ...args, input: { ...args.input, Limit: 2 } }), {
    step: 'initialize',
  });
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await createTenant(maker, { name });
  expect((await listTenants(maker)).map(({ name }) => name).sort()).toEqual(names);
});

test('a limit is kept with its tenant or its key, changed and taken back', async () => {
  const { maker } = await setUp();
  const [first, second] = [
    { requestsPerSecond: 10, burst: 20 },
    { requestsPerSecond: 100_000, burst: 1 },
  ];
  const { tenant } = await createTenant(maker, { name: 'acme', rateLimit: first });
  expect(tenant.rateLimit).toEqual(first);
  expect(await limitTenant(maker, 'acme', second)).toEqual({ ...tenant, rateLimit: second });
  expect(await findTenant(maker, 'acme')).toEqual({ ...tenant, rateLimit: second });
  expect(await limitTenant(maker, 'acme', undefined)).toEqual({ ...tenant, rateLimit: undefined });
  expect(await findTenant(maker, 'acme')).toEqual({ ...tenant, rateLimit: undefined });

  const context = { tenantId: tenant.tenantId, tenantName: 'acme' };
  const limited = await createApiKey(maker, context, { ...reader, rateLimit: first });
  expect(await listApiKeys(maker, context)).toContainEqual(
    expect.objectContaining({ keyId: limited.keyId, rateLimit: first }),
  );
  expect((await rotateApiKey(maker, context, limited.keyId)).rateLimit).toEqual(first);
});

test('a tenant that nobody made cannot be given a limit', async () => {
  const { maker } = await setUp();
  await expect(limitTenant(maker, 'nobody', { requestsPerSecond: 1, burst: 1 })).rejects.toThrow(notFound);
  await expect(limitTenant(maker, 'nobody', undefined)).rejects.toThrow(notFound);
  expect(await listTenants(maker)).toEqual([]);
});

test('a listing shows the keys of the tenant, oldest first, and no secret', async () => {
  const maker = { dynamodb: await setUpTables(), clock: createTestClock(), peppers };
  const acme = await setUpTenant(maker, 'acme');
  await setUpTenant(maker, 'other');
  maker.clock.advanceSeconds(1);
  const { key, ...visible } = await createApiKey(maker, acme.context, {
    cell: 'default',
    scopes: ['write', 'read', 'read'],
    description: '',
  });
  const listed = await listApiKeys(maker, acme.context);
  expect(listed).toEqual([
    {
      keyId: acme.apiKey.keyId,
      scopes: ['admin'],
      description: 'First key of the tenant',
      createdAt: '2026-01-31T12:00:00.000Z',
    },
    { keyId: visible.keyId, scopes: ['read', 'write'], description: '', createdAt: '2026-01-31T12:00:01.000Z' },
  ]);
  expect(visible).toEqual(listed[1]);
});

test('what is stored holds neither the key nor its secret', async () => {
  const { maker } = await setUp();
  const { apiKey } = await setUpTenant(maker, 'acme');
  const { client, tables } = maker.dynamodb;
  const { Item } = await client.send(
    new GetItemCommand({ TableName: tables.apiKeys, Key: { key_id: { S: apiKey.keyId } } }),
  );
  const secret = apiKey.key.slice('fs_123456789012_'.length);
  expect(JSON.stringify(Item)).not.toContain(secret);
  expect(Item?.pepper_id).toEqual({ S: '1' });
});

test('a rotated key gives way to one with the same scopes and description', async () => {
  const { maker, authenticate } = await setUp();
  const { context } = await setUpTenant(maker, 'acme');
  const old = await createApiKey(maker, context, reader);
  const rotated = await rotateApiKey(maker, context, old.keyId);
  expect(rotated).toMatchObject({ scopes: ['read'], description: 'reader' });
  expect(rotated.keyId).not.toBe(old.keyId);
  expect(await authenticate(rotated.key)).toMatchObject({ keyId: rotated.keyId, tenant: context });
  await expect(authenticate(old.key)).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(rotateApiKey(maker, context, old.keyId)).rejects.toThrow(notFound);
});

test('a rotation makes the new key before it ends the old one', async () => {
  const { maker } = await setUp();
  const { context, apiKey } = await setUpTenant(maker, 'acme');
  const calls = recordCalls(maker.dynamodb);
  await rotateApiKey(maker, context, apiKey.keyId);
  expect(calls).toEqual(['GetItemCommand', 'PutItemCommand', 'DeleteItemCommand']);
});

test('a deleted key is gone', async () => {
  const { maker, authenticate } = await setUp();
  const { context } = await setUpTenant(maker, 'acme');
  const { key, keyId } = await createApiKey(maker, context, reader);
  await deleteApiKey(maker, context, keyId);
  await expect(authenticate(key)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect((await listApiKeys(maker, context)).map((listed) => listed.keyId)).not.toContain(keyId);
  await expect(deleteApiKey(maker, context, keyId)).rejects.toThrow(notFound);
});

test("a tenant cannot delete, rotate or see another's key", async () => {
  const { maker, authenticate } = await setUp();
  const acme = await setUpTenant(maker, 'acme');
  const other = await setUpTenant(maker, 'other');
  const { key, keyId } = await createApiKey(maker, other.context, reader);
  await expect(deleteApiKey(maker, acme.context, keyId)).rejects.toThrow(notFound);
  await expect(rotateApiKey(maker, acme.context, keyId)).rejects.toThrow(notFound);
  expect((await listApiKeys(maker, acme.context)).map((listed) => listed.keyId)).toEqual([acme.apiKey.keyId]);
  expect(await authenticate(key)).toMatchObject({ keyId, tenant: other.context });
});

test('what is no key id is not found rather than a fault of DynamoDB', async () => {
  const { maker } = await setUp();
  const { context } = await setUpTenant(maker, 'acme');
  for (const keyId of ['', 'x', 'x'.repeat(5000), '../../tenants']) {
    await expect(deleteApiKey(maker, context, keyId)).rejects.toThrow(notFound);
    await expect(rotateApiKey(maker, context, keyId)).rejects.toThrow(notFound);
  }
});
