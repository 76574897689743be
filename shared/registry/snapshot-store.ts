import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BatchWriteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { callDynamoDb, type DynamoDb, isConditionalCheckFailed } from '../platform/dynamodb.ts';
import type { RegistrySnapshot } from './model.ts';
import { chunkPrefix, createSnapshotReads, partOf, type SnapshotReads } from './read-snapshot.ts';

export interface SnapshotStore extends SnapshotReads {
  /** Unless the same or a newer one stands there. */
  publish(tenantId: string, snapshot: RegistrySnapshot): Promise<void>;
}

const chunkBytes = 350_000;
/** Most requests of one BatchWriteItem. */
const batchSize = 25;

/** Chunks are written before the head that names them, and those of an older epoch are removed after it. */
export function createSnapshotStore(dynamodb: DynamoDb): SnapshotStore {
  const { client, tables } = dynamodb;
  const TableName = tables.registrySnapshots;
  const reads = createSnapshotReads(dynamodb);

  /** Of every older epoch, since publishers that overtake each other leave more than one behind. */
  const removeChunksBefore = async (tenantId: string, epoch: number): Promise<void> => {
    const items = await dynamodb.queryItems(TableName, 'tenant_id', tenantId);
    const parts = items.map(partOf).filter((part) => epochOfChunk(part) < epoch);
    for (let from = 0; from < parts.length; from += batchSize) {
      const requests = parts
        .slice(from, from + batchSize)
        .map((part) => ({ DeleteRequest: { Key: key(tenantId, part) } }));
      await callDynamoDb(() => client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } })));
    }
  };

  return {
    ...reads,

    publish: async (tenantId, snapshot) => {
      if (((await reads.epoch(tenantId)) ?? 0) >= snapshot.epoch) return;
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
      await removeChunksBefore(tenantId, snapshot.epoch);
    },
  };
}

const key = (tenantId: string, part: string) => ({ tenant_id: { S: tenantId }, part: { S: part } });
const epochOfChunk = (part: string): number => Number(part.split('#')[1]);
const pad = (index: number): string => String(index).padStart(5, '0');

async function pack(snapshot: RegistrySnapshot): Promise<Buffer[]> {
  const packed = await promisify(gzip)(JSON.stringify(snapshot));
  const chunks: Buffer[] = [];
  for (let from = 0; from < packed.length; from += chunkBytes) chunks.push(packed.subarray(from, from + chunkBytes));
  return chunks;
}
