import * as z from '../../shared/contract/zod.ts';
import { arrivalMicrosOf, type DeliverRecords, type StreamRecord } from '../../shared/delivery/index.ts';

/** What Lambda hands over of topics of Kafka: lists of records by `topic-partition`, each in the order of its offsets. */
const kafkaEventSchema = z.object({
  records: z.record(
    z.string(),
    z.array(
      z.object({
        topic: z.string(),
        partition: z.int().check(z.nonnegative()),
        offset: z.int().check(z.nonnegative()),
        /** Milliseconds. */
        timestamp: z.int(),
        /** Base64. None: a tombstone of a compacted topic. */
        value: z.nullish(z.string()),
      }),
    ),
  ),
});

export interface KafkaAnswer {
  /** Of each partition the first record that is to come again: so do all after it. */
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number };
  }[];
}

/** The consumer of topics of Kafka, of MSK or one's own. Throws where the event is none, which no retry mends. */
export function createKafkaHandler(deliver: DeliverRecords): (event: unknown) => Promise<KafkaAnswer> {
  return async (event) => {
    const { failed } = await deliver(readKafkaRecords(event));
    const lowest = new Map<string, number>();
    for (const { stream, shard, sequence } of failed) {
      const partition = `${stream}-${shard}`;
      lowest.set(partition, Math.min(lowest.get(partition) ?? Number.POSITIVE_INFINITY, Number(sequence)));
    }
    return {
      batchItemFailures: [...lowest].map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
    };
  };
}

function readKafkaRecords(event: unknown): StreamRecord[] {
  return Object.values(kafkaEventSchema.parse(event).records)
    .flat()
    .map(({ topic, partition, offset, timestamp, value }) => ({
      transport: 'kafka',
      stream: topic,
      shard: String(partition),
      sequence: String(offset),
      arrivalMicros: arrivalMicrosOf(timestamp, String(offset)),
      data: value ?? '',
    }));
}
