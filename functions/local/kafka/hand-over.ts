import type { Logger } from '../../../shared/platform/logger.ts';
import type { KafkaAnswer } from '../../stream/handle-kafka.ts';
import type { FetchedBatch } from './fetch-records.ts';
import { type EventOrigin, lambdaEventOf } from './lambda-event.ts';
import type { OwnedPartitions } from './owned-partitions.ts';

export interface HandOverOptions extends EventOrigin {
  /** The consumer of topics, as Lambda calls it. */
  readonly handler: (event: unknown) => Promise<KafkaAnswer>;
  readonly logger: Logger;
}

/**
 * Calls the handler with what has been read, as Lambda does, and moves on: of each partition up to the first record that the
 * handler reports, and nowhere where it throws.
 */
export async function handOver(
  partitions: OwnedPartitions,
  batches: readonly FetchedBatch[],
  { handler, logger, ...origin }: HandOverOptions,
): Promise<void> {
  const records = batches.flatMap((batch) => batch.records);
  let failedOf = (_: FetchedBatch): bigint | undefined => undefined;
  if (records.length > 0) {
    try {
      const failures = failuresOf(await handler(lambdaEventOf(origin, records)));
      failedOf = ({ owned }) => failures.get(`${origin.topic}-${owned.partition}`);
    } catch (error) {
      logger.error({ err: error, topic: origin.topic }, 'a batch could not be handled: it is to come again');
      failedOf = ({ records: [first] }) => first?.offset;
    }
  }
  for (const batch of batches) {
    partitions.settle({ owned: batch.owned, end: batch.end, failed: failedOf(batch) }, Date.now());
  }
}

function failuresOf({ batchItemFailures }: KafkaAnswer): Map<string, bigint> {
  return new Map(batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => [partition, BigInt(offset)]));
}
