import type { KinesisEvent } from '../../../functions/stream/handle-kinesis.ts';
import type { SentEvent } from './replay-stream.ts';

type KinesisRecord = KinesisEvent['Records'][number];

export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly value: string;
}

const eventsOfBatch = 1000;

/**
 * Records as Lambda hands them over, in batches of about a thousand events: some records are an event, others envelopes of up
 * to forty.
 */
export function kinesisBatches(stream: string, events: readonly SentEvent[], chance: () => number): KinesisRecord[][] {
  let sequence = 49_590_338_271_490_256_608_559_692_538_361_571_095n;
  return batchesOf(
    recordsOf(events, chance).map(({ events: ofRecord, arrivalMillis }): [KinesisRecord, number] => {
      sequence += 1n + BigInt(Math.floor(chance() * 1000));
      const record = {
        eventID: `shardId-000000000000:${sequence}`,
        eventSourceARN: `arn:aws:kinesis:us-east-2:123456789012:stream/${stream}`,
        kinesis: {
          sequenceNumber: String(sequence),
          data: bodyOf(ofRecord),
          approximateArrivalTimestamp: arrivalMillis / 1000,
        },
      };
      return [record, ofRecord.length];
    }),
  );
}

/** As kinesisBatches, over four partitions by user. */
export function kafkaBatches(topic: string, events: readonly SentEvent[], chance: () => number): KafkaRecord[][] {
  const partitions = Map.groupBy(events, ({ fields }) => Number(String(fields.user_id ?? 'u0').slice(1)) % 4);
  const records = [...partitions].flatMap(([partition, ofPartition]) => {
    let offset = 0;
    return recordsOf(ofPartition, chance).map(({ events: ofRecord, arrivalMillis: timestamp }) => {
      // Compacted topics and transactions leave gaps.
      offset += 1 + Math.floor(chance() * 3);
      return { record: { topic, partition, offset, timestamp, value: bodyOf(ofRecord) }, events: ofRecord.length };
    });
  });
  records.sort((a, b) => a.record.timestamp - b.record.timestamp || a.record.offset - b.record.offset);
  return batchesOf(records.map(({ record, events: many }) => [record, many]));
}

interface RecordOfEvents {
  readonly events: readonly SentEvent[];
  /** Never before that of the record before, though an event that comes again is older. */
  readonly arrivalMillis: number;
}

function recordsOf(events: readonly SentEvent[], chance: () => number): RecordOfEvents[] {
  const records: RecordOfEvents[] = [];
  let arrivalMillis = 0;
  for (let from = 0; from < events.length; ) {
    const ofRecord = events.slice(from, from + (chance() < 0.3 ? 1 : 1 + Math.floor(chance() * 40)));
    for (const { arrivalMicros } of ofRecord) arrivalMillis = Math.max(arrivalMillis, Math.floor(arrivalMicros / 1000));
    records.push({ events: ofRecord, arrivalMillis });
    from += ofRecord.length;
  }
  return records;
}

function batchesOf<Record>(records: readonly (readonly [record: Record, events: number])[]): Record[][] {
  const batches: Record[][] = [];
  let events = Number.POSITIVE_INFINITY;
  for (const [record, many] of records) {
    if (events >= eventsOfBatch) {
      batches.push([]);
      events = 0;
    }
    batches.at(-1)?.push(record);
    events += many;
  }
  return batches;
}

function bodyOf(events: readonly SentEvent[]): string {
  const [first] = events;
  const text = events.length === 1 ? (first?.json ?? '') : `{"events":[${events.map(({ json }) => json).join(',')}]}`;
  return Buffer.from(text).toString('base64');
}
