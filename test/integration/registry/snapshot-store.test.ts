import { randomBytes } from 'node:crypto';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDynamoDb, type DynamoDb } from '../../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { createSnapshotStore, type RegistrySnapshot, type SnapshotStore } from '../../../shared/registry/index.ts';
import { type DynaliteServer, startDynalite } from '../../support/dynalite.ts';

let dynalite: DynaliteServer;
let dynamodb: DynamoDb;
let store: SnapshotStore;

beforeAll(async () => {
  dynalite = await startDynalite();
  dynamodb = createDynamoDb({ region: 'us-east-1', endpoint: dynalite.url, tablePrefix: 'snapshots-' });
  await ensureTables(dynamodb);
  store = createSnapshotStore(dynamodb);
});
afterAll(async () => {
  dynamodb.client.destroy();
  await dynalite.stop();
});

/** Random text does not compress: three chunks. */
function snapshotOf(epoch: number): RegistrySnapshot {
  const description = randomBytes(600_000).toString('base64');
  const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' };
  const source = {
    ...{ name: 'clicks', revision: 1, fields: [], eventTime: 'at', eventId: null },
    ...{ retentionDays: 90, dedupeDays: 7, description, tags: [], owner: null },
    ...times,
  };
  return { epoch, views: [], services: [], sources: [source] };
}

test('what was never published is not there', async () => {
  expect(await store.read('t_nobody')).toBeUndefined();
  expect(await store.epoch('t_nobody')).toBeUndefined();
});

test('a registry of several items is read whole, also while newer ones take its place', async () => {
  const published = [1, 2, 3, 4, 5, 6].map(snapshotOf);
  const publishing = (async () => {
    for (const snapshot of published) await store.publish('t_busy', snapshot);
  })();
  const epochs: number[] = [];
  while (epochs.at(-1) !== 6) {
    const snapshot = await store.read('t_busy');
    if (snapshot === undefined) continue;
    expect(snapshot).toEqual(published[snapshot.epoch - 1]);
    epochs.push(snapshot.epoch);
  }
  await publishing;
  expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
});

test('a registry of which an item is gone for good is an error, and not another registry', async () => {
  await store.publish('t_torn', snapshotOf(1));
  const Key = { tenant_id: { S: 't_torn' }, part: { S: 'chunk#1#00001' } };
  await dynamodb.client.send(new DeleteItemCommand({ TableName: dynamodb.tables.registrySnapshots, Key }));
  await expect(store.read('t_torn')).rejects.toThrow('lacks 1 of its chunks');
});
