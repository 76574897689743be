/** One record of a Kinesis stream or a Kafka topic, as it came. */
export interface StreamRecord {
  readonly transport: 'kinesis' | 'kafka';
  /** Name of the stream or the topic. */
  readonly stream: string;
  /** Id of the shard, or number of the partition. */
  readonly shard: string;
  /** Sequence number, or offset: a decimal, greater at each record of the shard. */
  readonly sequence: string;
  /** When it reached the stream, in microseconds. The same at each delivery. */
  readonly arrivalMicros: number;
  /** Its bytes as base64, as Lambda hands them over. Decoded where they are read: a Buffer each would live until all are stored. */
  readonly data: string;
  /** Of a record that is delivered again: the places of its events or rows that are meant. All without it. */
  readonly places?: readonly number[];
}

/**
 * Arrival in microseconds: the milliseconds that the transport tells, and the sequence number or offset modulo 1,000 on top,
 * so that records of one millisecond have an order that each delivery gives again.
 */
export function arrivalMicrosOf(arrivalMillis: number, sequence: string): number {
  return Math.round(arrivalMillis) * 1000 + Number(sequence.slice(-3));
}

/** What an event without an id of its own is told apart by: where it stands in its stream (docs/semantics.md section 5). */
export function transportEventId({ transport, stream, shard, sequence }: StreamRecord, place: number): string {
  return transport === 'kafka' ? `${stream}-${shard}-${sequence}:${place}` : `${shard}:${sequence}:${place}`;
}
