import type { StreamRecord } from '../../../shared/delivery/stream-record.ts';

/** A record as it comes; a body that is no text is written as JSON. */
export function recordOf(body: unknown, given: Partial<StreamRecord> = {}): StreamRecord {
  return {
    transport: 'kinesis',
    stream: 'clicks',
    shard: 'shardId-000000000006',
    sequence: '49590338271490256608559692538361571095921575989136588898',
    arrivalMicros: 1_545_084_650_987_898,
    data: base64Of(body),
    ...given,
  };
}

function base64Of(body: unknown): string {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return bytes.toString('base64');
}
