import { Admin, Producer } from '@platformatic/kafka';
import { onTestFinished } from 'vitest';
import { consumeTopic } from '../../functions/local/kafka/consume-topic.ts';
import { createOutageReport } from '../../functions/local/kafka/outage-report.ts';
import { createKafkaHandler } from '../../functions/stream/handle-kafka.ts';
import type { DeliverRecords } from '../../shared/delivery/index.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { until } from '../e2e/local-process.ts';
import { clicks } from '../integration/delivery/delivery-setup.ts';
import { sourcesPath } from '../integration/streams/streams-setup.ts';
import type { TestFeatureStore, TestTenant } from '../support/feature-store.ts';

/** The broker of the lane. */
export const brokers = process.env.TEST_KAFKA_BROKERS ?? '';

const client = { clientId: 'tests', bootstrapBrokers: brokers.split(',') };

export function createAdmin(): Admin {
  const admin = new Admin(client);
  onTestFinished(() => admin.close());
  return admin;
}

/** A topic of the test's own, which goes with it. */
export async function createTopic(partitions: number): Promise<string> {
  const topic = `test-${crypto.randomUUID()}`;
  const admin = createAdmin();
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  onTestFinished(() => admin.deleteTopics({ topics: [topic] }));
  return topic;
}

export interface Produced {
  readonly partition: number;
  /** As JSON; a text and bytes as they are; null: a tombstone. */
  readonly body: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function produce(
  topic: string,
  records: readonly Produced[],
  compression: 'none' | 'gzip' = 'none',
): Promise<void> {
  const producer = new Producer(client);
  const messages = records.map(({ partition, body, key, headers = {} }) => ({
    topic,
    partition,
    ...(key === undefined ? {} : { key: Buffer.from(key) }),
    ...(body === null ? {} : { value: bytesOf(body) }),
    headers: new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)])),
  }));
  await producer.send({ messages, acks: -1, compression });
  await producer.close();
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

export interface Reader {
  /** What Lambda would have been given, call by call. */
  readonly events: unknown[];
  stop(): Promise<void>;
}

/** The consumer that `npm start` runs, with the handler that it calls. Stops with the test at the latest. */
export function readTopic(topic: string, deliver: DeliverRecords): Reader {
  const logger = createLogger({ level: 'silent', buffered: false });
  const events: unknown[] = [];
  const handle = createKafkaHandler(deliver);
  const handler: typeof handle = (event) => {
    events.push(event);
    return handle(event);
  };
  const report = createOutageReport(logger, brokers);
  const prepare = async (): Promise<void> => {};
  const stop = consumeTopic({ brokers, topic, group: groupOf(topic), handler, logger, report, prepare });
  onTestFinished(stop);
  return { events, stop };
}

export const groupOf = (topic: string): string => `test.${topic}`;

/** What a group knows as done, by partition. */
export async function committedOffsets(topic: string, group = groupOf(topic)): Promise<Record<number, number>> {
  const groups = await createAdmin().listConsumerGroupOffsets({ groups: [group] });
  const partitions = groups.flatMap(({ topics }) => topics.filter(({ name }) => name === topic));
  return Object.fromEntries(
    partitions.flatMap((found) =>
      found.partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
    ),
  );
}

export async function membersOf(group: string): Promise<Map<string, number[]>> {
  const found = (await createAdmin().describeGroups({ groups: [group] })).get(group);
  return new Map(
    [...(found?.members ?? [])].map(([id, { assignments }]) => [
      id,
      [...(assignments?.values() ?? [])].flatMap(({ partitions }) => partitions),
    ]),
  );
}

export async function untilCommitted(topic: string, expected: Record<number, number>): Promise<void> {
  await until(`the group knows ${JSON.stringify(expected)} as done`, 20_000, async () => {
    const known = await committedOffsets(topic);
    return Object.entries(expected).every(([partition, offset]) => known[Number(partition)] === offset);
  });
}

export interface BoundTenant {
  readonly tenant: TestTenant;
  readonly binding: { readonly topic: string; readonly tenant: string; readonly source: string };
}

/** A tenant of its own with a source of clicks, whose events the topic brings. */
export async function bindTenant(store: TestFeatureStore, topic: string): Promise<BoundTenant> {
  const tenant = await store.createTenant();
  await store.post(sourcesPath, clicks, { key: tenant.key });
  return { tenant, binding: { topic, tenant: tenant.ctx.tenantName, source: 'clicks' } };
}
