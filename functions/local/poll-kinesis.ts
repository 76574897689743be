import {
  type _Record,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { callKinesis } from '../../shared/delivery/index.ts';
import type { KinesisAnswer, KinesisEvent } from '../stream/handle-kinesis.ts';

export interface PollOptions {
  readonly client: KinesisClient;
  readonly streams: readonly string[];
  readonly handler: (event: KinesisEvent) => Promise<KinesisAnswer>;
}

export interface KinesisPoller {
  /** Hands over what is there, a batch of each shard. Answers how many records of them are done. */
  poll(): Promise<number>;
}

/** Records a batch; one of them may have 1 MiB. */
const mostRecords = 1000;

/**
 * What Lambda's event source mapping does in AWS: reads each shard from its beginning, hands batches to the handler, and goes on
 * only past what it did not report as failed. Shards are those of the start: nobody splits them on a laptop.
 */
export function createKinesisPoller({ client, streams, handler }: PollOptions): KinesisPoller {
  const shards = new Map<string, ShardReader[]>();

  const readersOf = async (stream: string): Promise<ShardReader[]> => {
    const known = shards.get(stream);
    if (known !== undefined) return known;
    const { Shards: found = [] } = await callKinesis(() => client.send(new ListShardsCommand({ StreamName: stream })));
    const readers = found.map(({ ShardId: shard = '' }) => createShardReader(client, stream, shard));
    shards.set(stream, readers);
    return readers;
  };

  return {
    poll: async () => {
      let done = 0;
      for (const stream of streams) {
        for (const reader of await readersOf(stream)) {
          const records = await reader.read();
          if (records.length === 0) continue;
          const { batchItemFailures } = await handler(eventOf(stream, reader.shard, records));
          const failed = batchItemFailures[0]?.itemIdentifier;
          reader.goOn(failed);
          done +=
            failed === undefined
              ? records.length
              : records.findIndex(({ SequenceNumber }) => SequenceNumber === failed);
        }
      }
      return done;
    },
  };
}

interface ShardReader {
  readonly shard: string;
  /** The next batch, and the same again until `goOn` is called. */
  read(): Promise<readonly _Record[]>;
  /** The batch is done, but for what begins at the record that failed. */
  goOn(failed: string | undefined): void;
}

type Position = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber'>;

function createShardReader(client: KinesisClient, stream: string, shard: string): ShardReader {
  let position: Position = { ShardIteratorType: 'TRIM_HORIZON' };
  /** Of the position; it ends after five minutes, and then the position gives another. */
  let iterator: string | undefined;
  let batch: { readonly last: string; readonly next: string | undefined } | undefined;

  const open = async (): Promise<string> => {
    const command = new GetShardIteratorCommand({ StreamName: stream, ShardId: shard, ...position });
    const { ShardIterator: opened } = await callKinesis(() => client.send(command));
    if (opened === undefined) throw new Error(`Kinesis gives no iterator of ${stream}`);
    return opened;
  };

  return {
    shard,
    read: async () => {
      const from = iterator ?? (await open());
      iterator = undefined;
      const command = new GetRecordsCommand({ ShardIterator: from, Limit: mostRecords });
      const { Records: records = [], NextShardIterator: next } = await callKinesis(() => client.send(command));
      const last = records.at(-1)?.SequenceNumber;
      if (last === undefined) iterator = next;
      else batch = { last, next };
      return records;
    },
    goOn: (failed) => {
      if (batch === undefined) return;
      if (failed === undefined) {
        position = { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: batch.last };
        iterator = batch.next;
      } else {
        position = { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: failed };
      }
      batch = undefined;
    },
  };
}

/** As Lambda hands it over. */
function eventOf(stream: string, shard: string, records: readonly _Record[]): KinesisEvent {
  return {
    Records: records.map(({ SequenceNumber: sequence = '', Data: data = new Uint8Array(), ...record }) => ({
      eventID: `${shard}:${sequence}`,
      eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`,
      kinesis: {
        sequenceNumber: sequence,
        data: Buffer.from(data).toString('base64'),
        approximateArrivalTimestamp: (record.ApproximateArrivalTimestamp?.getTime() ?? 0) / 1000,
      },
    })),
  };
}
