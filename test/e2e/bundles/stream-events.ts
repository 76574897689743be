import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';

/** What stands in the stream, as Lambda hands it over. */
export async function recordsOf(kinesis: KinesisClient, stream: string): Promise<unknown[]> {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: stream }));
  const records: unknown[] = [];
  for (const { ShardId } of Shards) {
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({ StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    for (const { SequenceNumber: sequenceNumber, Data, ApproximateArrivalTimestamp: arrival } of Records) {
      records.push({
        eventID: `${ShardId}:${sequenceNumber}`,
        eventSourceARN: `arn:aws:kinesis:us-east-1:123456789012:stream/${stream}`,
        kinesis: {
          sequenceNumber,
          data: Buffer.from(Data ?? []).toString('base64'),
          approximateArrivalTimestamp: (arrival?.getTime() ?? 0) / 1000,
        },
      });
    }
  }
  return records;
}

/** A record of the stream as Lambda hands it over. */
export function kinesisRecord(sequenceNumber: string, data: string): unknown {
  return {
    eventID: `shardId-000000000000:${sequenceNumber}`,
    eventSourceARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/events',
    kinesis: {
      sequenceNumber,
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: Date.now() / 1000,
    },
  };
}

/** As AWS documents one, of values by `topic-partition`; offsets count from 100. */
export function kafkaEvent(values: Readonly<Record<string, readonly (string | Buffer)[]>>): unknown {
  const recordOf = (place: string, value: string | Buffer, index: number): object => ({
    topic: place.slice(0, place.lastIndexOf('-')),
    partition: Number(place.slice(place.lastIndexOf('-') + 1)),
    offset: 100 + index,
    timestamp: Date.now(),
    timestampType: 'CREATE_TIME',
    key: 'cmVjb3JkS2V5',
    value: Buffer.from(value).toString('base64'),
    headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
  });
  return {
    eventSource: 'aws:kafka',
    eventSourceArn:
      'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
    bootstrapServers: 'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9098',
    records: Object.fromEntries(
      Object.entries(values).map(([place, ofPlace]) => [
        place,
        ofPlace.map((value, index) => recordOf(place, value, index)),
      ]),
    ),
  };
}
