import type { Logger } from '../../../shared/platform/logger.ts';
import { isKafkaAway } from './kafka-errors.ts';

/** Tells whoever runs the process that topics are not read, and that they are again: a line each, however often it is tried. */
export interface OutageReport {
  failed(topic: string, error: unknown): void;
  readAgain(topic: string): void;
}

export function createOutageReport(logger: Logger, brokers: string): OutageReport {
  const failing = new Map<string, 'no broker' | 'something else'>();
  const isBrokerAway = (): boolean => [...failing.values()].includes('no broker');
  return {
    failed: (topic, error) => {
      const why = isKafkaAway(error) ? 'no broker' : 'something else';
      // Without a broker it is the same of all topics.
      const isSaid = failing.get(topic) === why || (why === 'no broker' && isBrokerAway());
      failing.set(topic, why);
      if (isSaid) return;
      const what = why === 'no broker' ? `no Kafka answers at ${brokers}` : `topic ${topic} cannot be read`;
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason }, `${what}: it goes on trying, and nothing is lost`);
    },
    readAgain: (topic) => {
      const why = failing.get(topic);
      failing.delete(topic);
      if (why === 'something else') logger.warn(`topic ${topic} is read again`);
      else if (!isBrokerAway()) logger.warn(`Kafka answers again at ${brokers}`);
    },
  };
}
