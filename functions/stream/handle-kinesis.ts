import { isObject } from '../../shared/contract/is-object.ts';
import * as z from '../../shared/contract/zod.ts';
import { arrivalMicrosOf, type DeliverRecords, type StreamRecord } from '../../shared/delivery/index.ts';

/** A record as Lambda hands it over, of what there is in it. */
export interface KinesisRecord {
  /** Shard and sequence number. */
  readonly eventID: string;
  /** Of the stream, or of its consumer. */
  readonly eventSourceARN: string;
  readonly kinesis: {
    readonly sequenceNumber: string;
    readonly data: string;
    /** Seconds, with milliseconds as their fraction. */
    readonly approximateArrivalTimestamp: number;
  };
}

/** Records of one shard, in its order. A schema of each record would copy it, which is 3 % of what an event costs. */
const kinesisEventSchema = z.object({
  Records: z.array(z.custom<KinesisRecord>(isKinesisRecord, { error: 'is no record of Kinesis' })),
});

export type KinesisEvent = z.input<typeof kinesisEventSchema>;

function isKinesisRecord(given: unknown): boolean {
  if (!isObject(given) || !isObject(given.kinesis)) return false;
  const { sequenceNumber, data, approximateArrivalTimestamp } = given.kinesis;
  return (
    isText(given.eventID, /^[^:]+:\d+$/) &&
    isText(given.eventSourceARN, /:stream\/[^/:]+/) &&
    isText(sequenceNumber, /^\d+$/) &&
    typeof data === 'string' &&
    Number.isFinite(approximateArrivalTimestamp)
  );
}

function isText(given: unknown, pattern: RegExp): boolean {
  return typeof given === 'string' && pattern.test(given);
}

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
