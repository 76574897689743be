import { setTimeout as sleep } from 'node:timers/promises';
import { type ClusterTopicMetadata, Consumer } from '@platformatic/kafka';
import { fetchRecords } from './fetch-records.ts';
import { type HandOverOptions, handOver } from './hand-over.ts';
import { isRebalance } from './kafka-errors.ts';
import { createOwnedPartitions, type OwnedPartitions } from './owned-partitions.ts';
import { placePartitions } from './place-partitions.ts';

export interface ReadOptions extends HandOverOptions {
  /** Of the consumer group. */
  readonly group: string;
}

/** Milliseconds without a heartbeat after which the group gives a member's partitions to others: the least that a broker allows is 6,000. */
const sessionMillis = 10_000;
const heartbeatMillis = 1000;
const rebalanceMillis = 30_000;

/** Milliseconds to wait where there is nothing to read, and between attempts to join a group that is being divided. */
const idleMillis = 100;

/**
 * Joins the group, and reads the partitions that it gives until the signal: hands over batches, and lets the group know what is
 * done. Throws where Kafka fails; what was handled and is not known yet as done comes again, to whoever reads next.
 */
export async function readAsMember(
  options: ReadOptions & {
    /** Called after each read that succeeded. */
    readonly onRead: () => void;
  },
  signal: AbortSignal,
): Promise<void> {
  const { topic, brokers, group } = options;
  const partitions = createOwnedPartitions();
  const consumer = new Consumer({
    clientId: 'feature-store',
    groupId: group,
    bootstrapBrokers: brokers.split(','),
    sessionTimeout: sessionMillis,
    heartbeatInterval: heartbeatMillis,
    rebalanceTimeout: rebalanceMillis,
    // Where the broker allows it, as Kafka's own consumer does.
    autocreateTopics: true,
    // It would join the group anew on its own, and then commit for partitions that are another's.
    retries: 0,
  });
  let fault: Error | undefined;
  // Of the heartbeats, which join again by themselves when the group is divided anew.
  consumer.on('error', (error) => {
    fault = error;
  });
  consumer.on('consumer:group:join', ({ generationId = 0, assignments }) => {
    const ofTopic = assignments?.find((assignment) => assignment.topic === topic);
    partitions.assign(generationId, ofTopic?.partitions ?? []);
  });
  consumer.topics.track(topic);
  try {
    await join(consumer, signal);
    const joined = await describe(consumer, topic);
    while (!signal.aborted) {
      if (fault !== undefined) {
        if (!isRebalance(fault)) throw fault;
        fault = undefined;
        await join(consumer, signal);
      }
      const described = await describe(consumer, topic);
      // The group divides those partitions that it has known when somebody joined: for others, somebody has to join.
      if (described.partitionsCount !== joined.partitionsCount) return;
      await readOnce(consumer, described, partitions, options);
      options.onRead();
    }
  } finally {
    // Leaves the group, so that others have its partitions at once. Where Kafka is away, they have them when the session ends.
    await consumer.close(true).catch(() => {});
  }
}

/** While others join or leave, a member may be sent back several times. */
async function join(consumer: Consumer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await consumer.joinGroup();
      return;
    } catch (error) {
      if (!isRebalance(error)) throw error;
      await sleep(idleMillis);
    }
  }
}

/** As of five seconds ago at most. */
async function describe(consumer: Consumer, topic: string): Promise<ClusterTopicMetadata> {
  const { topics } = await consumer.metadata({ topics: [topic] });
  const described = topics.get(topic);
  if (described === undefined) throw new Error(`Kafka has no topic ${topic}`);
  return described;
}

async function readOnce(
  consumer: Consumer,
  described: ClusterTopicMetadata,
  partitions: OwnedPartitions,
  options: ReadOptions,
): Promise<void> {
  await placePartitions(consumer, options.topic, partitions.unplaced());
  const due = partitions.due(Date.now());
  if (due.length === 0) await sleep(idleMillis);
  else await handOver(partitions, await fetchRecords(consumer, described, due), options);
  await commit(consumer, partitions, options.topic);
}

async function commit(consumer: Consumer, partitions: OwnedPartitions, topic: string): Promise<void> {
  const due = partitions.uncommitted();
  if (due.length === 0) return;
  try {
    const offsets = due.map(({ partition, next }) => ({ topic, partition, offset: next, leaderEpoch: -1 }));
    await consumer.commit({ offsets });
    for (const owned of due) owned.committed = owned.next;
  } catch (error) {
    // What is still ours afterwards is committed with what comes next.
    if (!isRebalance(error)) throw error;
  }
}
