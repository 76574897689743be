import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { claimArrival } from '../../../shared/tenancy/index.ts';
import { createTestClock, recordCalls, setUpTables } from './tenancy-setup.ts';

const tenant = { tenantId: 't_aaaaaaaaaaaa', tenantName: 'acme' };
const claim = { key: 'load-1', fingerprint: 'first body' };

async function setUp() {
  return { dynamodb: await setUpTables(), clock: createTestClock() };
}

test('a request that is sent again has the arrival time of the first', async () => {
  const stores = await setUp();
  const first = await claimArrival(stores, tenant, claim);
  expect(first).toBe(stores.clock.nowMicros());
  stores.clock.advanceSeconds(3600);
  expect(await claimArrival(stores, tenant, claim)).toBe(first);
});

test('a key that is used for another body is refused, and the first keeps its claim', async () => {
  const stores = await setUp();
  const first = await claimArrival(stores, tenant, claim);
  await expect(claimArrival(stores, tenant, { ...claim, fingerprint: 'another body' })).rejects.toMatchObject({
    code: 'idempotency_key_reused',
  });
  expect(await claimArrival(stores, tenant, claim)).toBe(first);
});

test('two keys, and one key of two tenants, are claimed apart', async () => {
  const stores = await setUp();
  const times = [
    await claimArrival(stores, tenant, claim),
    await claimArrival(stores, tenant, { ...claim, key: 'load-2' }),
    await claimArrival(
      stores,
      { tenantId: 't_bbbbbbbbbbbb', tenantName: 'other' },
      { ...claim, fingerprint: 'theirs' },
    ),
  ];
  expect(new Set(times).size).toBe(3);
});

test('a key is free again after 24 hours although DynamoDB has not deleted it yet', async () => {
  const stores = await setUp();
  const first = await claimArrival(stores, tenant, claim);
  stores.clock.advanceSeconds(24 * 3600);
  expect(await claimArrival(stores, tenant, claim)).toBe(first);
  stores.clock.advanceSeconds(1);
  const second = await claimArrival(stores, tenant, { ...claim, fingerprint: 'another body' });
  expect(second).toBe(stores.clock.nowMicros());
});

test('of 20 claims at once exactly one time is given', async () => {
  const stores = await setUp();
  const times = await Promise.all(Array.from({ length: 20 }, () => claimArrival(stores, tenant, claim)));
  expect(new Set(times).size).toBe(1);
});

test('of 20 claims at once with different bodies exactly one is taken', async () => {
  const stores = await setUp();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => claimArrival(stores, tenant, { ...claim, fingerprint: `body ${index}` })),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('a claim that ends between the put and the read is taken over', async () => {
  const stores = await setUp();
  await claimArrival(stores, tenant, claim);
  const { client, tables } = stores.dynamodb;
  let hasEnded = false;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'GetItemCommand' && !hasEnded) {
          hasEnded = true;
          const Key = { tenant_id: { S: tenant.tenantId }, idempotency_key: { S: claim.key } };
          await client.send(new DeleteItemCommand({ TableName: tables.idempotency, Key }));
        }
        return next(args);
      },
    { step: 'initialize' },
  );
  const calls = recordCalls(stores.dynamodb);
  stores.clock.advanceSeconds(60);
  expect(await claimArrival(stores, tenant, claim)).toBe(stores.clock.nowMicros());
  expect(calls.filter((call) => call !== 'DeleteItemCommand')).toEqual([
    'PutItemCommand',
    'GetItemCommand',
    'PutItemCommand',
  ]);
});
