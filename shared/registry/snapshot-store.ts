import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
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

  const readHead = async (tenantId: string): Promise<Head | undefined> => {
    const { Item } = await callDynamoDb(() =>
      client.send(new GetItemCommand({ TableName, Key: key(tenantId, 'head'), ConsistentRead: true })),
    );
    return Item === undefined ? undefined : headOf(Item);
  };

  /** The chunks of all epochs, and after them the head. */
  const queryItems = async (tenantId: string): Promise<Record<string, AttributeValue>[]> => {
    const items: Record<string, AttributeValue>[] = [];
    let from: string | undefined;
    do {
      const page = await callDynamoDb(() =>
        client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'tenant_id = :tenant',
            ExpressionAttributeValues: { ':tenant': { S: tenantId } },
            ConsistentRead: true,
            ...(from === undefined ? {} : { ExclusiveStartKey: key(tenantId, from) }),
          }),
        ),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey?.part?.S;
    } while (from !== undefined);
    return items;
  };

  /** Of every older epoch, since publishers that overtake each other leave more than one behind. */
  const removeChunksBefore = async (tenantId: string, epoch: number): Promise<void> => {
    const parts = (await queryItems(tenantId)).map(partOf).filter((part) => epochOfChunk(part) < epoch);
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
      let lackingEpoch: number | undefined;
      for (;;) {
        // In one request, which a process that starts waits for: the head before them would be a second.
        const items = await queryItems(tenantId);
        const headItem = items.find((item) => partOf(item) === 'head');
        if (headItem === undefined) return undefined;
        const head = headOf(headItem);
        const ofEpoch = items.filter((item) => partOf(item).startsWith(chunkPrefix(head.epoch)));
        const chunks = ofEpoch.flatMap(({ data }) => data?.B ?? []);
        if (chunks.length === head.chunks) return unpack(chunks);
        // A publication went on in between: of the head that was read some chunks had been passed by, or are gone.
        if (lackingEpoch === head.epoch) {
          throw new Error(`the published registry of ${tenantId} lacks ${head.chunks - chunks.length} of its chunks`);
        }
        lackingEpoch = head.epoch;
      }
    },

    publish: async (tenantId, snapshot) => {
      if (((await readHead(tenantId))?.epoch ?? 0) >= snapshot.epoch) return;
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

interface Head {
  readonly epoch: number;
  readonly chunks: number;
}

const headOf = ({ epoch, chunks }: Record<string, AttributeValue>): Head => ({
  epoch: Number(epoch?.N),
  chunks: Number(chunks?.N),
});
const partOf = ({ part }: Record<string, AttributeValue>): string => part?.S ?? '';
const key = (tenantId: string, part: string) => ({ tenant_id: { S: tenantId }, part: { S: part } });
const chunkPrefix = (epoch: number): string => `chunk#${epoch}#`;
const epochOfChunk = (part: string): number => Number(part.split('#')[1]);
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
