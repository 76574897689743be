import type { DeliverRecords } from '../../shared/delivery/index.ts';
import type { Environment } from '../../shared/platform/environment.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import { createKafkaHandler } from '../stream/handle-kafka.ts';
import { createKinesisHandler } from '../stream/handle-kinesis.ts';
import { composeLocalDelivery, type DeliveryParts } from './compose-delivery.ts';
import { openDeadLetters } from './dead-letters.ts';
import { developmentTenants } from './development-tenants.ts';
import { consumeTopic } from './kafka/consume-topic.ts';
import { createOutageReport } from './kafka/outage-report.ts';
import type { LocalKinesis } from './kinesis.ts';
import { createKinesisPoller, type KinesisPoller } from './poll-kinesis.ts';
import { repeat } from './repeat.ts';

export interface LocalStreamParts extends Omit<DeliveryParts, 'stores' | 'deadLetters' | 'developmentTenants'> {
  readonly stores: DeliveryParts['stores'] & { readonly kinesis: LocalKinesis };
  /** Where dead letters are kept, without a bucket; a temporary one without it. */
  readonly folder: string | undefined;
}

export interface LocalStreams {
  /**
   * Begins to read. Nothing is handed over before `prepare` has passed once: records of what is not known yet would be dead
   * letters. Throws StartError where Kinesis does not answer; a Kafka may come later.
   */
  start(prepare: () => Promise<void>): Promise<void>;
  /** Reads no more, and waits until what is under way is handled. */
  stop(): Promise<void>;
  /** After the last request: what was answered with 202 is in a Kinesis that keeps nothing, until it is folded. */
  drain(): Promise<void>;
}

/** What event source mappings do in AWS: hands what streams and topics bring to the handlers that run there. */
export function openStreams(parts: LocalStreamParts): LocalStreams {
  const { environment, stores, logger, folder } = parts;
  const bound = environment.STREAM_BINDINGS.filter(({ transport }) => transport === 'kinesis');
  const streams = [environment.KINESIS_STREAM, ...bound.map(({ stream }) => stream)];
  const areStreamsThere = stores.kinesis.ensureStreams(streams);
  // Looked at when the reading begins; until then it is no unhandled rejection.
  areStreamsThere.catch(() => {});
  const deadLetters = openDeadLetters(environment, folder);
  const deliver = composeLocalDelivery({ ...parts, developmentTenants, deadLetters });
  const handler = createKinesisHandler(deliver);
  const poller = createKinesisPoller({ client: stores.kinesis.client, streams, handler });
  const drain = (): Promise<void> => drainAll(poller);
  let stops: (() => Promise<void>)[] = [];
  return {
    start: async (prepare) => {
      await areStreamsThere;
      const work = (): Promise<void> => prepare().then(drain);
      stops = [
        repeat(logger, { name: 'stream poller', pauseMillis: 500, firstPauseMillis: 0, work }),
        ...consumeTopics({ environment, deliver, logger, prepare }),
      ];
    },
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
    drain: async () => {
      await drain().catch((error: unknown) => logger.warn({ err: error }, 'events were lost'));
    },
  };
}

/** Topics of Kafka that are read: those that bindings name, and the one of envelopes that we sign. */
export function topicsOf({ STREAM_BINDINGS: bindings, KAFKA_TOPIC: ours }: Environment): string[] {
  const bound = bindings.filter(({ transport }) => transport === 'kafka').map(({ stream }) => stream);
  return [...new Set(ours === undefined ? bound : [...bound, ours])];
}

/** Each topic by itself and with a consumer group of its own, as event source mappings are. */
function consumeTopics(parts: {
  readonly environment: Environment;
  readonly deliver: DeliverRecords;
  readonly logger: Logger;
  readonly prepare: () => Promise<void>;
}): (() => Promise<void>)[] {
  const { environment, deliver, logger, prepare } = parts;
  const { KAFKA_BROKERS: brokers, KAFKA_GROUP: prefix } = environment;
  if (brokers === undefined) return [];
  const handler = createKafkaHandler(deliver);
  const report = createOutageReport(logger, brokers);
  return topicsOf(environment).map((topic) =>
    consumeTopic({ brokers, topic, group: `${prefix}.${topic}`, handler, logger, report, prepare }),
  );
}

/** Hands over what is in the streams, but for what fails and is to come again. */
async function drainAll(poller: KinesisPoller): Promise<void> {
  for (let polled = 1; polled > 0; ) polled = await poller.poll();
}
