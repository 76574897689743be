import * as z from 'zod';
import { arrivalMicrosOf, type DeliverRecords, type StreamRecord } from '../../shared/delivery/index.ts';

/** What Lambda hands over of a Kinesis stream: records of one shard, in its order. */
const kinesisEventSchema = z.object({
  Records: z.array(
    z.object({
      eventID: z.string().regex(/^[^:]+:\d+$/),
      /** Of the stream, or of its consumer. */
      eventSourceARN: z.string().regex(/:stream\/[^/:]+/),
      kinesis: z.object({
        sequenceNumber: z.string().regex(/^\d+$/),
        data: z.string(),
        /** Seconds, with milliseconds as their fraction. */
        approximateArrivalTimestamp: z.number(),
      }),
    }),
  ),
});

export type KinesisEvent = z.input<typeof kinesisEventSchema>;

export interface KinesisAnswer {
  /** Empty, or the first record that is to come again: so do all after it. */
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The consumer of a Kinesis stream. Throws where the event is none, which no retry mends. */
export function createKinesisHandler(deliver: DeliverRecords): (event: unknown) => Promise<KinesisAnswer> {
  return async (event) => {
    const records = readKinesisRecords(event);
    const { failed } = await deliver(records);
    const sequences = [...failed].map(({ sequence }) => BigInt(sequence));
    if (sequences.length === 0) return { batchItemFailures: [] };
    const lowest = sequences.reduce((least, sequence) => (sequence < least ? sequence : least));
    return { batchItemFailures: [{ itemIdentifier: String(lowest) }] };
  };
}

function readKinesisRecords(event: unknown): StreamRecord[] {
  const { Records: records } = kinesisEventSchema.parse(event);
  // A batch is of one stream.
  let arn = '';
  let stream = '';
  return records.map(({ eventID, eventSourceARN, kinesis }) => {
    if (eventSourceARN !== arn) {
      arn = eventSourceARN;
      stream = /:stream\/([^/:]+)/.exec(arn)?.[1] ?? '';
    }
    return {
      transport: 'kinesis',
      stream,
      shard: eventID.slice(0, eventID.indexOf(':')),
      sequence: kinesis.sequenceNumber,
      arrivalMicros: arrivalMicrosOf(kinesis.approximateArrivalTimestamp * 1000, kinesis.sequenceNumber),
      data: kinesis.data,
    };
  });
}
