import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { DynamoDbReads, Item } from '../platform/dynamodb.ts';
import { snapshotSchema } from './load-snapshot.ts';
import type { RegistrySnapshot } from './model.ts';

/**
 * The published registry of each tenant in DynamoDB: a head item with the epoch, and the snapshot compressed and cut into
 * chunks, since an item holds 400 KB.
 */
export interface SnapshotReads {
  /** Undefined where nothing was published. */
  epoch(tenantId: string): Promise<number | undefined>;
  read(tenantId: string): Promise<RegistrySnapshot | undefined>;
}

export function createSnapshotReads(dynamodb: DynamoDbReads): SnapshotReads {
  const table = dynamodb.tables.registrySnapshots;
  return {
    epoch: async (tenantId) => {
      const item = await dynamodb.getItem(table, { tenant_id: tenantId, part: 'head' });
      return item === undefined ? undefined : headOf(item).epoch;
    },

    read: async (tenantId) => {
      let lackingEpoch: number | undefined;
      for (;;) {
        // In one request, which a process that starts waits for: the head before them would be a second. All chunks of all
        // epochs, and after them the head.
        const items = await dynamodb.queryItems(table, 'tenant_id', tenantId);
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
  };
}

interface Head {
  readonly epoch: number;
  readonly chunks: number;
}

const headOf = ({ epoch, chunks }: Item): Head => ({ epoch: Number(epoch?.N), chunks: Number(chunks?.N) });
export const partOf = ({ part }: Item): string => part?.S ?? '';
export const chunkPrefix = (epoch: number): string => `chunk#${epoch}#`;

async function unpack(chunks: readonly Uint8Array[]): Promise<RegistrySnapshot> {
  const text = await promisify(gunzip)(Buffer.concat(chunks));
  return snapshotSchema.parse(JSON.parse(text.toString('utf8')));
}
