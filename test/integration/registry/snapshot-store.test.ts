import { randomBytes } from 'node:crypto';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DynamoDb } from '../../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { createDynamoDb } from '../../../shared/platform/sdk-dynamodb.ts';
import { createSignedDynamoDb } from '../../../shared/platform/signed-dynamodb.ts';
import {
  createSnapshotReads,
  createSnapshotStore,
  type RegistrySnapshot,
  type SnapshotStore,
} from '../../../shared/registry/index.ts';
import { type DynaliteServer, startDynalite } from '../../support/dynalite.ts';

let dynalite: DynaliteServer;
let dynamodb: DynamoDb;
let signed: ReturnType<typeof createSignedDynamoDb>;
let store: SnapshotStore;

beforeAll(async () => {
  dynalite = await startDynalite();
  const options = { region: 'us-east-1', endpoint: dynalite.url, tablePrefix: 'snapshots-' };
  dynamodb = createDynamoDb(options);
  signed = createSignedDynamoDb({ ...options, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  await ensureTables(dynamodb);
  store = createSnapshotStore(dynamodb);
});
afterAll(async () => {
  dynamodb.client.destroy();
  signed.close();
  await dynalite.stop();
});

const newTenant = (): string => `t_${randomBytes(6).toString('hex')}`;

/** Random text does not compress: of 600 kB two chunks. */
function snapshotOf(epoch: number, bytes = 600_000): RegistrySnapshot {
  const description = randomBytes(bytes).toString('base64');
  const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
  const source = {
    ...{ name: 'clicks', revision: 1, fields: [], eventTime: 'at', eventId: null },
    ...{ retentionDays: 90, dedupeDays: 7, description, tags: [], owner: null },
    ...times,
  };
  return { epoch, views: [], services: [], sources: [source] };
}

describe.each([
  ['the SDK', () => createSnapshotReads(dynamodb)],
  ['signed requests', () => createSnapshotReads(signed)],
])('read by %s', (_, reads) => {
  test('what was never published is not there', async () => {
    expect(await reads().read('t_nobody')).toBeUndefined();
    expect(await reads().epoch('t_nobody')).toBeUndefined();
  });

  test('a registry of several items is read whole, also while newer ones take its place', async () => {
    const tenant = newTenant();
    const published = [1, 2, 3, 4, 5, 6].map((epoch) => snapshotOf(epoch));
    const publishing = (async () => {
      for (const snapshot of published) await store.publish(tenant, snapshot);
    })();
    const epochs: number[] = [];
    while (epochs.at(-1) !== 6) {
      const snapshot = await reads().read(tenant);
      if (snapshot === undefined) continue;
      expect(snapshot).toEqual(published[snapshot.epoch - 1]);
      epochs.push(snapshot.epoch);
    }
    await publishing;
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  });

  test('a registry of which an item is gone for good is an error, and not another registry', async () => {
    const tenant = newTenant();
    await store.publish(tenant, snapshotOf(1));
    const Key = { tenant_id: { S: tenant }, part: { S: 'chunk#1#00001' } };
    await dynamodb.client.send(new DeleteItemCommand({ TableName: dynamodb.tables.registrySnapshots, Key }));
    await expect(reads().read(tenant)).rejects.toThrow('lacks 1 of its chunks');
  });

  test('a registry of more than a page of DynamoDB is read whole', async () => {
    const tenant = newTenant();
    const snapshot = snapshotOf(1, 2_000_000);
    await store.publish(tenant, snapshot);
    expect(await reads().read(tenant)).toEqual(snapshot);
    expect(await reads().epoch(tenant)).toBe(1);
  });
});
