import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { composeLocalDelivery } from '../../../functions/local/compose-delivery.ts';
import type { KinesisEvent } from '../../../functions/stream/handle-kinesis.ts';
import { createFolderDeadLetters, type DeadLetterStore, type DeliverRecords } from '../../../shared/delivery/index.ts';
import type { TenantContext } from '../../../shared/platform/context.ts';
import { readEnvironment } from '../../../shared/platform/environment.ts';
import { createLogger } from '../../../shared/platform/logger.ts';
import { silentTelemetry, type Telemetry } from '../../../shared/platform/telemetry.ts';
import { viewTableName } from '../../../shared/values/index.ts';
import { absentKinesis } from '../../support/absent-kinesis.ts';
import { envelopeSecret, type TestFeatureStore } from '../../support/feature-store.ts';

export interface TestDelivery {
  readonly deliver: DeliverRecords;
  readonly deadLetters: DeadLetterStore;
  /** Every dead letter, by key. */
  letters(): Promise<Record<string, Letter>>;
}

export interface Letter {
  readonly reason: string;
  readonly detail: string;
  readonly refused: readonly { readonly index: number; readonly code: string }[] | null;
  readonly data: string;
}

/** The way that records come, over a test's store, with dead letters in a folder of its own. */
export function composeDelivery(
  store: Pick<TestFeatureStore, 'core' | 'databases' | 'cache' | 'dynamodb' | 'clock'>,
  bindings: readonly object[] = [],
  replace: { readonly deadLetters?: DeadLetterStore; readonly telemetry?: Telemetry } = {},
): TestDelivery {
  const folder = mkdtempSync(join(tmpdir(), 'feature-store-dead-letters-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const deadLetters = replace.deadLetters ?? createFolderDeadLetters(folder);
  const deliver = composeLocalDelivery({
    environment: readEnvironment({ STREAM_BINDINGS: JSON.stringify(bindings) }),
    stores: { ...store.databases, cache: store.cache, dynamodb: store.dynamodb, eventLog: absentKinesis() },
    core: store.core,
    clock: store.clock,
    telemetry: replace.telemetry ?? silentTelemetry,
    logger: createLogger({ level: 'silent', buffered: false }),
    envelopeSecret,
    developmentTenants: [],
    deadLetters,
  });
  const letters = async (): Promise<Record<string, Letter>> => {
    const found: Record<string, Letter> = {};
    for await (const key of deadLetters.list('')) found[key] = JSON.parse((await deadLetters.get(key)) ?? '');
    return found;
  };
  return { deliver, deadLetters, letters };
}

export const clicks = {
  name: 'clicks',
  schema: { user_id: 'string', amount: 'float64', at: 'timestamp' },
  event_time: 'at',
};

/** A click now, with what a test cares about. */
export function clickOf(fields: object = {}): object {
  return { user_id: 'u1', amount: 1, at: new Date().toISOString(), ...fields };
}

let sequence = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

export type KinesisRecord = KinesisEvent['Records'][number];

/** As AWS documents one, of a stream; each with a sequence number above that of the last. */
export function kinesisRecord(stream: string, body: unknown): KinesisRecord {
  sequence += 1n;
  const data = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const record = {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: '1',
      sequenceNumber: String(sequence),
      data: data.toString('base64'),
      approximateArrivalTimestamp: Date.now() / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `shardId-000000000006:${sequence}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::123456789012:role/lambda-role',
    awsRegion: 'us-east-2',
    eventSourceARN: `arn:aws:kinesis:us-east-2:123456789012:stream/${stream}`,
  };
  return record;
}

export interface RawEvent {
  readonly event_id: string;
  readonly user_id: string | null;
  readonly created_at: string;
}

/** What stands in the table of a source's raw events, by event id. */
export function rawEvents(store: TestFeatureStore, ctx: TenantContext, source = 'clicks'): Promise<RawEvent[]> {
  return store.databases.admin.rows<RawEvent>({
    name: 'raw_events',
    text: `SELECT event_id, user_id, (extract(epoch FROM created_at) * 1000000)::bigint::text AS created_at
      FROM ${viewTableName(ctx.tenantId, `${source}_events`)} ORDER BY event_id`,
  });
}
