import type { ClusterTopicMetadata, Consumer, KafkaRecord, RecordsBatch } from '@platformatic/kafka';
import type { PlacedPartition } from './owned-partitions.ts';

/** A record of a topic, as Kafka keeps it. */
export interface FetchedRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly isLogAppendTime: boolean;
  readonly key: Buffer | null;
  /** Null: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer | null, value: Buffer | null])[];
}

export interface FetchedBatch {
  readonly owned: PlacedPartition;
  /** May be none, where only marks of transactions stood. */
  readonly records: readonly FetchedRecord[];
  /** The offset behind the last of them. */
  readonly end: bigint;
}

/** Milliseconds that a broker waits for a first record. */
const waitMillis = 500;

/** Lambda hands over 6 MB at most, in which bytes are base64. */
const mostBytes = 4_500_000;

/**
 * Reads on in partitions of one topic: what is there, or what comes within half a second. Marks of transactions are passed
 * over. Throws what the client throws.
 */
export async function fetchRecords(
  consumer: Consumer,
  topic: ClusterTopicMetadata,
  due: readonly PlacedPartition[],
): Promise<FetchedBatch[]> {
  const byLeader = Map.groupBy(due, ({ partition }) => topic.partitions[partition]?.leader ?? -1);
  const fetched = await Promise.all(
    [...byLeader].map(async ([node, partitions]) => {
      const asked = partitions.map(({ partition, next }) => ({
        partition,
        fetchOffset: next,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
        partitionMaxBytes: mostBytes,
      }));
      const topics = [{ topicId: topic.id, partitions: asked }];
      const { responses } = await consumer.fetch({ node, topics, maxBytes: mostBytes, maxWaitTime: waitMillis });
      const answered = new Map(
        responses.flatMap((answer) =>
          answer.partitions.map(({ partitionIndex, records }) => [partitionIndex, records]),
        ),
      );
      return partitions.flatMap((owned) => batchOf(owned, answered.get(owned.partition) ?? []) ?? []);
    }),
  );
  return fetched.flat();
}

function batchOf(owned: PlacedPartition, batches: readonly RecordsBatch[]): FetchedBatch | undefined {
  const last = batches.at(-1);
  if (last === undefined) return undefined;
  const records = batches.flatMap((batch) => recordsOf(owned.partition, batch));
  return {
    owned,
    // A batch is read whole, whichever of its records was asked for.
    records: records.filter(({ offset }) => offset >= owned.next),
    end: last.firstOffset + BigInt(last.lastOffsetDelta) + 1n,
  };
}

/** Bits of a batch's attributes. */
const logAppendTime = 8;
const control = 32;

function recordsOf(partition: number, batch: RecordsBatch): FetchedRecord[] {
  if ((batch.attributes & control) !== 0) return [];
  const isLogAppendTime = (batch.attributes & logAppendTime) !== 0;
  const timestampOf = ({ timestampDelta }: KafkaRecord): bigint =>
    isLogAppendTime ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta;
  return batch.records.map((record) => ({
    partition,
    offset: batch.firstOffset + BigInt(record.offsetDelta),
    timestamp: Number(timestampOf(record)),
    isLogAppendTime,
    key: record.key,
    value: record.value,
    headers: record.headers,
  }));
}
