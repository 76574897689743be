import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { BatchWriteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { callDynamoDb, type DynamoDb, isConditionalCheckFailed } from '../platform/dynamodb.ts';
import { snapshotSchema } from './load-snapshot.ts';
import type { RegistrySnapshot } from './model.ts';

/**
 * The published registry of each tenant in DynamoDB: a head item with the epoch, and the snapshot compressed and cut into
 * chunks, since an item holds 400 KB. Chunks are written before the head that names them, and those of an older epoch are
 * removed after it.
 */
export interface SnapshotStore {
  /** Undefined where nothing was published. */
  epoch(tenantId: string): Promise<number | undefined>;
  read(tenantId: string): Promise<RegistrySnapshot | undefined>;
  /** Unless the same or a newer one stands there. */
  publish(tenantId: string, snapshot: RegistrySnapshot): Promise<void>;
}

const chunkBytes = 350_000;
/** Most requests of one BatchWriteItem. */
const batchSize = 25;

export function createSnapshotStore({ client, tables }: DynamoDb): SnapshotStore {
  const TableName = tables.registrySnapshots;

  const readHead = async (tenantId: string): Promise<{ epoch: number; chunks: number } | undefined> => {
    const { Item } = await callDynamoDb(() =>
      client.send(new GetItemCommand({ TableName, Key: key(tenantId, 'head'), ConsistentRead: true })),
    );
    return Item === undefined ? undefined : { epoch: Number(Item['epoch']?.N), chunks: Number(Item['chunks']?.N) };
  };

  const readChunks = async (tenantId: string, epoch: number): Promise<Uint8Array[]> => {
    const chunks: Uint8Array[] = [];
    let ExclusiveStartKey: Record<string, { S: string }> | undefined;
    do {
      const page = await callDynamoDb(() =>
        client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'tenant_id = :tenant AND begins_with(part, :chunks)',
            ExpressionAttributeValues: { ':tenant': { S: tenantId }, ':chunks': { S: chunkPrefix(epoch) } },
            ConsistentRead: true,
            ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
          }),
        ),
      );
      for (const item of page.Items ?? []) if (item['data']?.B !== undefined) chunks.push(item['data'].B);
      const last = page.LastEvaluatedKey?.['part']?.S;
      ExclusiveStartKey = last === undefined ? undefined : key(tenantId, last);
    } while (ExclusiveStartKey !== undefined);
    return chunks;
  };

  const removeChunks = async (tenantId: string, head: { epoch: number; chunks: number }): Promise<void> => {
    const parts = Array.from({ length: head.chunks }, (_, index) => `${chunkPrefix(head.epoch)}${pad(index)}`);
    for (let from = 0; from < parts.length; from += batchSize) {
      const requests = parts
        .slice(from, from + batchSize)
        .map((part) => ({ DeleteRequest: { Key: key(tenantId, part) } }));
      await callDynamoDb(() => client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } })));
    }
  };

  return {
    epoch: async (tenantId) => (await readHead(tenantId))?.epoch,

    read: async (tenantId) => {
      // A publication in between removes the chunks of the head just read: then the new head is read.
      for (;;) {
        const head = await readHead(tenantId);
        if (head === undefined) return undefined;
        const chunks = await readChunks(tenantId, head.epoch);
        if (chunks.length === head.chunks) return unpack(chunks);
        if ((await readHead(tenantId))?.epoch === head.epoch) {
          throw new Error(`the published registry of ${tenantId} lacks ${head.chunks - chunks.length} of its chunks`);
        }
      }
    },

    publish: async (tenantId, snapshot) => {
      const before = await readHead(tenantId);
      if (before !== undefined && before.epoch >= snapshot.epoch) return;
      const chunks = await pack(snapshot);
      for (const [index, data] of chunks.entries()) {
        const Item = { ...key(tenantId, `${chunkPrefix(snapshot.epoch)}${pad(index)}`), data: { B: data } };
        await callDynamoDb(() => client.send(new PutItemCommand({ TableName, Item })));
      }
      try {
        await callDynamoDb(() =>
          client.send(
            new PutItemCommand({
              TableName,
              Item: {
                ...key(tenantId, 'head'),
                epoch: { N: String(snapshot.epoch) },
                chunks: { N: String(chunks.length) },
              },
              ConditionExpression: 'attribute_not_exists(tenant_id) OR epoch < :epoch',
              ExpressionAttributeValues: { ':epoch': { N: String(snapshot.epoch) } },
            }),
          ),
        );
      } catch (error) {
        // A newer registry was published meanwhile. Equal: its publisher wrote the very same chunks.
        if (isConditionalCheckFailed(error)) return;
        throw error;
      }
      if (before !== undefined) await removeChunks(tenantId, before);
    },
  };
}

const key = (tenantId: string, part: string) => ({ tenant_id: { S: tenantId }, part: { S: part } });
const chunkPrefix = (epoch: number): string => `chunk#${epoch}#`;
const pad = (index: number): string => String(index).padStart(5, '0');

async function pack(snapshot: RegistrySnapshot): Promise<Buffer[]> {
  const packed = await promisify(gzip)(JSON.stringify(snapshot));
  const chunks: Buffer[] = [];
  for (let from = 0; from < packed.length; from += chunkBytes) chunks.push(packed.subarray(from, from + chunkBytes));
  return chunks;
}

async function unpack(chunks: readonly Uint8Array[]): Promise<RegistrySnapshot> {
  const text = await promisify(gunzip)(Buffer.concat(chunks));
  return snapshotSchema.parse(JSON.parse(text.toString('utf8')));
}
