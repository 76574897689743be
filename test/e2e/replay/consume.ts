import type { KinesisEvent } from '../../../functions/stream/handle-kinesis.ts';
import type { KafkaRecord } from './replay-batches.ts';
import type { Consumer } from './replay-world.ts';

export interface Attempts {
  /** Before each attempt of a batch: how many batches are done. */
  before(done: number): Promise<void> | void;
  /** After it: whether any of the batch is to come again. */
  after(isFailed: boolean): Promise<void> | void;
}

/** A fault that no retry mends would go on for ever. */
const mostTries = 20;

/** Hands batches over as Lambda does: in order, and what was reported as failed, with all behind it, again until it is done. */
export async function consumeKinesis(
  { kinesis }: Consumer,
  batches: readonly (readonly KinesisEvent['Records'][number][])[],
  { before, after }: Attempts,
): Promise<void> {
  for (const [batch, records] of batches.entries()) {
    let left = records;
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === mostTries) throw new Error(`batch ${batch} of Kinesis failed ${tries} times`);
      await before(batch);
      const { batchItemFailures } = await kinesis({ Records: [...left] });
      await after(batchItemFailures.length > 0);
      const failed = batchItemFailures[0]?.itemIdentifier;
      if (failed === undefined) break;
      left = left.slice(left.findIndex((record) => record.kinesis.sequenceNumber === failed));
    }
  }
}

/** The same for batches of several partitions, of which each goes on from its own first failure. */
export async function consumeKafka(
  { kafka }: Consumer,
  batches: readonly (readonly KafkaRecord[])[],
  { before, after }: Attempts,
): Promise<void> {
  for (const [batch, records] of batches.entries()) {
    let left = records;
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === mostTries) throw new Error(`batch ${batch} of Kafka failed ${tries} times`);
      await before(batch);
      const byPartition = Object.groupBy(left, partitionOf);
      const { batchItemFailures } = await kafka({ records: byPartition });
      await after(batchItemFailures.length > 0);
      const failed = new Map(
        batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => [partition, offset] as const),
      );
      left = left.filter((record) => record.offset >= (failed.get(partitionOf(record)) ?? Number.POSITIVE_INFINITY));
    }
  }
}

function partitionOf({ topic, partition }: KafkaRecord): string {
  return `${topic}-${partition}`;
}
