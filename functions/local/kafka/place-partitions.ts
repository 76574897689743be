import { type Consumer, ListOffsetTimestamps } from '@platformatic/kafka';
import type { OwnedPartition } from './owned-partitions.ts';

/**
 * Sets where partitions are read from: what the group knows as done, else the oldest record there is. So it is too where the
 * group knows an offset that the topic has no more, or not yet: records have ended, or somebody has made the topic anew.
 */
export async function placePartitions(
  consumer: Consumer,
  topic: string,
  unplaced: readonly OwnedPartition[],
): Promise<void> {
  if (unplaced.length === 0) return;
  const numbers = unplaced.map(({ partition }) => partition);
  const asked = { topics: [topic], partitions: { [topic]: numbers } };
  const [committed, oldest, newest] = await Promise.all([
    consumer.listCommittedOffsets({ topics: [{ topic, partitions: numbers }] }),
    consumer.listOffsets({ ...asked, timestamp: ListOffsetTimestamps.EARLIEST }),
    consumer.listOffsets({ ...asked, timestamp: ListOffsetTimestamps.LATEST }),
  ]);
  for (const owned of unplaced) {
    const [done, first, end] = [committed, oldest, newest].map((offsets) => offsets.get(topic)?.[owned.partition]);
    if (first === undefined || end === undefined) throw new Error(`Kafka tells no offsets of ${topic}`);
    const isThere = done !== undefined && done >= first && done <= end;
    owned.committed = isThere ? done : undefined;
    owned.next = isThere ? done : first;
  }
}
