import { setTimeout as sleep } from 'node:timers/promises';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isAwsAway, localCredentials } from '../platform/aws.ts';
import { type Breaker, createBreaker } from '../platform/breaker.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { EventLog, LogRecord } from './event-log.ts';

export interface KinesisOptions {
  readonly region: string;
  /** Another endpoint than AWS's, such as a local server's. */
  readonly endpoint?: string | undefined;
}

export function createKinesisClient({ region, endpoint }: KinesisOptions): KinesisClient {
  return new KinesisClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...localCredentials(endpoint),
    maxAttempts: 3,
    // HTTP/1.1: kinesis-local fails over HTTP/2 from 100 records on.
    requestHandler: new NodeHttpHandler({ connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true }),
  });
}

/** What one PutRecords takes. */
const mostRecords = 500;
const mostBytes = 5_000_000;

/** Milliseconds before each further attempt for what a busy shard refused: 3 s together, in which a shard takes 3,000 records. */
const pausesMillis = [50, 100, 200, 400, 800, 1500];

/** Where the records go, and whether it is asked at all. */
interface GuardedStream {
  readonly client: KinesisClient;
  readonly stream: string;
  readonly breaker: Breaker;
}

/**
 * Writes to a Kinesis stream; what a shard refuses is sent again by itself. A call that gets no answer takes up to 15 s with the
 * SDK's attempts: after three of them in a row events are refused at once, but for one call each second.
 */
export function createKinesisLog(client: KinesisClient, stream: string): EventLog {
  const breaker = createBreaker({
    dependency: 'kinesis',
    failuresToOpen: 3,
    retryAfterMillis: 1000,
    isFailure: (error) => error instanceof UnavailableError,
  });
  return {
    append: async (records) => {
      for (const call of callsOf(records)) await appendAll({ client, stream, breaker }, call);
    },
  };
}

async function appendAll(to: GuardedStream, records: readonly LogRecord[]): Promise<void> {
  let left = await putRecords(to, records);
  for (const pause of pausesMillis) {
    if (left.records.length === 0) return;
    await sleep(pause * (0.5 + Math.random()));
    left = await putRecords(to, left.records);
  }
  if (left.records.length > 0)
    throw new UnavailableError('kinesis', new Error(`the stream refuses records: ${left.code}`));
}

/** Answers those records that were not taken. */
async function putRecords(
  { client, stream, breaker }: GuardedStream,
  records: readonly LogRecord[],
): Promise<{ records: LogRecord[]; code: string }> {
  const command = new PutRecordsCommand({
    StreamName: stream,
    Records: records.map(({ partitionKey, data }) => ({ PartitionKey: partitionKey, Data: data })),
  });
  const { Records: results = [] } = await breaker.run(() => callKinesis(() => client.send(command)));
  const refused = records.filter((_, index) => results[index]?.ErrorCode !== undefined);
  return { records: refused, code: results.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode ?? '' };
}

/** Runs a call and tells "Kinesis does not answer" apart from what it answers. A stream that is still to be made is away, too. */
export async function callKinesis<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const isMissing = error instanceof Error && /ResourceNotFound|ResourceInUse/.test(error.name);
    throw isAwsAway(error) || isMissing ? new UnavailableError('kinesis', error) : error;
  }
}

/** Cut where a call would be too large. */
function callsOf(records: readonly LogRecord[]): LogRecord[][] {
  const calls: LogRecord[][] = [];
  let call: LogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const added = record.data.length + Buffer.byteLength(record.partitionKey);
    if (call.length > 0 && (call.length === mostRecords || bytes + added > mostBytes)) {
      calls.push(call);
      call = [];
      bytes = 0;
    }
    call.push(record);
    bytes += added;
  }
  return call.length === 0 ? calls : [...calls, call];
}
