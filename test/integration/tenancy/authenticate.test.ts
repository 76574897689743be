import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { generateApiKey } from '../../../shared/tenancy/api-key-format.ts';
import {
  type AuthenticatorOptions,
  createApiKey,
  createAuthenticator,
  createTenant,
  deleteApiKey,
  expandScopes,
  limitTenant,
  type NewApiKey,
  type Peppers,
  type Principal,
} from '../../../shared/tenancy/index.ts';
import { startCuttingProxy } from '../../e2e/cutting-proxy.ts';
import { startGate } from '../../e2e/gate.ts';
import {
  connect,
  connectSigned,
  createTestClock,
  peppers,
  recordReads,
  setUpTables,
  uniquePrefix,
} from './tenancy-setup.ts';

const unauthenticated = expect.objectContaining({ code: 'unauthenticated' });
const invalid = expect.objectContaining({ code: 'unauthenticated', message: 'the API key is not valid' });
const dynamodbPort = () => Number(new URL(inject('dynamodbEndpoint')).port);

describe.each([
  ['the SDK', connect],
  ['signed requests', connectSigned],
])('by %s', (_, connectReads) => {
  /** A tenant with a reader's key, and an authenticator whose reads are recorded, of a server that another may stand before. */
  async function setUp({ endpoint, ...options }: Partial<AuthenticatorOptions> & { readonly endpoint?: string } = {}) {
    const tablePrefix = uniquePrefix();
    const dynamodb = await setUpTables(tablePrefix);
    const clock = createTestClock();
    const maker = { dynamodb, clock, peppers };
    const { tenant } = await createTenant(maker, { name: 'acme' });
    const context = { tenantId: tenant.tenantId, tenantName: tenant.name };
    const makeKey = (): Promise<NewApiKey> =>
      createApiKey(maker, context, { cell: tenant.cell, scopes: ['write'], description: 'scorer' });
    const apiKey = await makeKey();
    const { reads, calls } = recordReads(connectReads(tablePrefix, endpoint));
    const authenticate = createAuthenticator({ peppers, clock, ...options, dynamodb: reads });
    return { dynamodb, reads, clock, context, apiKey, makeKey, calls, authenticate };
  }

  test('a key says its tenant, its cell and its scopes with those that they include', async () => {
    const { authenticate, apiKey, context } = await setUp();
    expect(await authenticate(apiKey.key)).toEqual({
      tenant: context,
      keyId: apiKey.keyId,
      scopes: new Set(['read', 'write']),
      cell: 'default',
      limits: { key: undefined, tenant: undefined },
    });
  });

  test('a key says its own limit and that of its tenant, which is the default where it has none', async () => {
    const { dynamodb, reads, clock, context } = await setUp();
    const maker = { dynamodb, clock, peppers };
    const ofKey = { requestsPerSecond: 5, burst: 10 };
    const { key } = await createApiKey(maker, context, {
      cell: 'default',
      scopes: ['read'],
      description: '',
      rateLimit: ofKey,
    });
    const defaultLimit = { requestsPerSecond: 50, burst: 100 };
    const authenticate = createAuthenticator({ ...maker, dynamodb: reads, defaultLimit });
    expect((await authenticate(key)).limits).toEqual({ key: ofKey, tenant: defaultLimit });

    const ofTenant = { requestsPerSecond: 7, burst: 9 };
    await limitTenant(maker, context.tenantName, ofTenant);
    expect((await authenticate(key)).limits.tenant).toEqual(defaultLimit);
    clock.advanceSeconds(30);
    expect((await authenticate(key)).limits).toEqual({ key: ofKey, tenant: ofTenant });
  });

  test('a key is looked up once and answered from memory without a promise after that', async () => {
    const { authenticate, apiKey, calls } = await setUp();
    const principal = await authenticate(apiKey.key);
    const remembered = authenticate(apiKey.key);
    expect(remembered).not.toBeInstanceOf(Promise);
    expect(remembered).toBe(principal);
    // The key's record and the tenant's.
    expect(calls).toEqual(['getItem', 'getItem']);
  });

  test('requests with one key at once share one lookup', async () => {
    const { authenticate, apiKey, calls } = await setUp();
    const principals = await Promise.all(Array.from({ length: 50 }, () => authenticate(apiKey.key)));
    expect(new Set(principals).size).toBe(1);
    // The key's record and the tenant's.
    expect(calls).toEqual(['getItem', 'getItem']);
  });

  test('a typo is refused without a lookup', async () => {
    const { authenticate, apiKey, calls } = await setUp();
    for (let position = 0; position < apiKey.key.length; position += 1) {
      const replacement = apiKey.key[position] === 'x' ? 'y' : 'x';
      const typo = apiKey.key.slice(0, position) + replacement + apiKey.key.slice(position + 1);
      expect(() => authenticate(typo)).toThrow(invalid);
    }
    for (const text of ['tenant1_key', 'fs_', 'x'.repeat(100_000)]) expect(() => authenticate(text)).toThrow(invalid);
    expect(calls).toEqual([]);
  });

  test('no key is refused without a lookup', async () => {
    const { authenticate, calls } = await setUp();
    expect(() => authenticate(undefined)).toThrow(unauthenticated);
    expect(() => authenticate('')).toThrow(unauthenticated);
    expect(calls).toEqual([]);
  });

  test('an unknown key is looked up once in a few seconds', async () => {
    const { authenticate, clock, calls } = await setUp();
    const { key } = generateApiKey();
    await expect(authenticate(key)).rejects.toThrow(invalid);
    clock.advanceSeconds(4);
    expect(() => authenticate(key)).toThrow(invalid);
    expect(calls).toHaveLength(1);
    clock.advanceSeconds(2);
    await expect(authenticate(key)).rejects.toThrow(invalid);
    expect(calls).toHaveLength(2);
  });

  test('a known key id with another secret is refused', async () => {
    const { authenticate, apiKey, dynamodb } = await setUp();
    const other = generateApiKey();
    // Under the id of a key whose secret is another one: only the stored hash can tell.
    const TableName = dynamodb.tables.apiKeys;
    const { Item } = await dynamodb.client.send(
      new GetItemCommand({ TableName, Key: { key_id: { S: apiKey.keyId } } }),
    );
    await dynamodb.client.send(new PutItemCommand({ TableName, Item: { ...Item, key_id: { S: other.keyId } } }));
    await expect(authenticate(other.key)).rejects.toThrow(invalid);
  });

  test('a key of another pepper still works while its pepper is known', async () => {
    const { dynamodb, reads, clock, apiKey, context } = await setUp();
    const rotated: Peppers = [{ id: '2', secret: 'the next pepper' }, ...peppers];
    const authenticate = createAuthenticator({ dynamodb: reads, clock, peppers: rotated });
    const newKey = await createApiKey({ dynamodb, clock, peppers: rotated }, context, {
      cell: 'default',
      scopes: ['read'],
      description: '',
    });
    expect(await authenticate(apiKey.key)).toMatchObject({ keyId: apiKey.keyId });
    expect(await authenticate(newKey.key)).toMatchObject({ keyId: newKey.keyId });

    const forgotten = createAuthenticator({
      dynamodb: reads,
      clock,
      peppers: [{ id: '2', secret: 'the next pepper' }],
    });
    await expect(forgotten(apiKey.key)).rejects.toThrow(invalid);
    expect(await forgotten(newKey.key)).toMatchObject({ keyId: newKey.keyId });
  });

  test('a deleted key stops within 30 seconds', async () => {
    const { authenticate, apiKey, clock, dynamodb, context } = await setUp();
    await authenticate(apiKey.key);
    await deleteApiKey({ dynamodb }, context, apiKey.keyId);
    clock.advanceSeconds(29.9);
    expect(authenticate(apiKey.key)).toMatchObject({ keyId: apiKey.keyId });
    clock.advanceSeconds(0.1);
    await expect(authenticate(apiKey.key)).rejects.toThrow(invalid);
  });

  test('a lookup counts from its start, however long its answer took', async () => {
    const { authenticate, apiKey, clock, calls } = await setUp();
    const lookup = authenticate(apiKey.key);
    clock.advanceSeconds(20);
    await lookup;
    clock.advanceSeconds(10);
    expect(authenticate(apiKey.key)).toBeInstanceOf(Promise);
    // The records of the key and of its tenant, and the key's again.
    expect(calls).toHaveLength(3);
  });

  test('a key in use is looked up again every 30 seconds', async () => {
    const { authenticate, apiKey, clock, calls } = await setUp();
    for (let second = 0; second < 120; second += 1) {
      await authenticate(apiKey.key);
      clock.advanceSeconds(1);
    }
    expect(calls).toHaveLength(4 * 2);
  });

  test('a full memory forgets the oldest key, and made-up keys push out none', async () => {
    const { authenticate, apiKey, makeKey, calls } = await setUp({ maxCached: 2 });
    await authenticate(apiKey.key);
    for (let made = 0; made < 5; made += 1) await expect(authenticate(generateApiKey().key)).rejects.toThrow(invalid);
    expect(authenticate(apiKey.key)).not.toBeInstanceOf(Promise);

    const second = await makeKey();
    const third = await makeKey();
    await authenticate(second.key);
    await authenticate(third.key);
    calls.length = 0;
    expect(authenticate(second.key)).not.toBeInstanceOf(Promise);
    expect(authenticate(third.key)).not.toBeInstanceOf(Promise);
    expect(calls).toEqual([]);
    await authenticate(apiKey.key);
    // The key's record and the tenant's.
    expect(calls).toEqual(['getItem', 'getItem']);
  });

  test('a remembered key answers for 30 seconds while DynamoDB is down, and an unremembered one is a 503', async () => {
    const gate = await startGate(dynamodbPort());
    onTestFinished(() => gate.stop().catch(() => {}));
    const { authenticate, apiKey, makeKey, clock } = await setUp({ endpoint: `http://127.0.0.1:${gate.port}` });
    const other = await makeKey();
    await authenticate(apiKey.key);
    await gate.stop();

    const unavailable = expect.objectContaining({ code: 'unavailable', dependency: 'dynamodb' });
    await expect(authenticate(other.key)).rejects.toThrow(unavailable);
    clock.advanceSeconds(29);
    expect(authenticate(apiKey.key)).toMatchObject({ keyId: apiKey.keyId });
    clock.advanceSeconds(1);
    await expect(authenticate(apiKey.key)).rejects.toThrow(unavailable);
  });

  test('a fault is not remembered: the next request asks again', async () => {
    let isFailing = true;
    const proxy = await startCuttingProxy(dynamodbPort(), () => (isFailing ? 'cut before' : 'pass'));
    onTestFinished(() => proxy.stop());
    const { authenticate, apiKey } = await setUp({ endpoint: `http://127.0.0.1:${proxy.port}` });
    await expect(authenticate(apiKey.key)).rejects.toMatchObject({ code: 'unavailable' });
    isFailing = false;
    expect(await authenticate(apiKey.key)).toMatchObject({ keyId: apiKey.keyId });
  });
});

test('development keys are valid only where they are given', async () => {
  const developer: Principal = {
    tenant: { tenantId: 't_abcdefghijkl', tenantName: 'tenant1' },
    keyId: 'tenant1_key',
    scopes: expandScopes(['admin']),
    cell: 'default',
    limits: { key: undefined, tenant: undefined },
  };
  const options = { dynamodb: connect('unused-'), peppers, clock: createTestClock() };
  const local = createAuthenticator({ ...options, developmentKeys: new Map([['tenant1_key', developer]]) });
  expect(local('tenant1_key')).toBe(developer);
  expect(() => local('tenant2_key')).toThrow(invalid);
  expect(() => createAuthenticator(options)('tenant1_key')).toThrow(invalid);
});
