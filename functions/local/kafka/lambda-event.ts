import type { FetchedRecord } from './fetch-records.ts';

export interface EventOrigin {
  readonly brokers: string;
  readonly topic: string;
}

/** Records as Lambda hands them over of a topic of MSK: by `topic-partition`, bytes as base64, and headers as lists of bytes. */
export function lambdaEventOf({ brokers, topic }: EventOrigin, records: readonly FetchedRecord[]): object {
  const byPartition = Map.groupBy(records, ({ partition }) => `${topic}-${partition}`);
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1',
    bootstrapServers: brokers,
    records: Object.fromEntries(
      [...byPartition].map(([key, ofPartition]) => [key, ofPartition.map((record) => recordOf(topic, record))]),
    ),
  };
}

function recordOf(topic: string, { partition, offset, timestamp, isLogAppendTime, ...content }: FetchedRecord): object {
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp,
    timestampType: isLogAppendTime ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    key: content.key?.toString('base64') ?? null,
    value: content.value?.toString('base64') ?? null,
    headers: content.headers.map(([name, value]) => ({ [String(name ?? '')]: [...(value ?? [])] })),
  };
}
