import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafkaHandler } from '../../../functions/stream/handle-kafka.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { clickOf, clicks, composeDelivery, rawEvents } from './delivery-setup.ts';

let store: TestFeatureStore;

beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

/** As AWS documents one. */
function kafkaRecord(topic: string, partition: number, offset: number, body: unknown, timestamp = Date.now()) {
  const value = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return {
    topic,
    partition,
    offset,
    timestamp,
    timestampType: 'LOG_APPEND_TIME',
    key: 'abcDEFghiJKLmnoPQRstuVWXyz1234==',
    value: value?.toString('base64'),
    headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
  };
}

function kafkaEvent(records: Readonly<Record<string, readonly object[]>>) {
  return {
    eventSource: 'aws:kafka',
    eventSourceArn:
      'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
    bootstrapServers: 'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092',
    records,
  };
}

async function bindTenant() {
  const tenant = await store.createTenant();
  await store.post('/api/v1/stream-sources', clicks, { key: tenant.key });
  const topic = `${tenant.ctx.tenantName}.clicks`;
  return { tenant, topic, binding: { topic, tenant: tenant.ctx.tenantName, source: 'clicks' } };
}

describe('a batch of Kafka', () => {
  test('of several topics and partitions counts for each its own, once however often it comes', async () => {
    const [one, other] = [await bindTenant(), await bindTenant()];
    const { deliver, letters } = composeDelivery(store, [one.binding, other.binding]);
    const handler = createKafkaHandler(deliver);
    const at = Date.now() - 5000;
    const event = kafkaEvent({
      [`${one.topic}-0`]: [
        kafkaRecord(one.topic, 0, 15, clickOf(), at),
        kafkaRecord(one.topic, 0, 1016, clickOf(), at),
      ],
      [`${one.topic}-1`]: [kafkaRecord(one.topic, 1, 15, { events: [clickOf({ event_id: 'e1' })] })],
      [`${other.topic}-0`]: [kafkaRecord(other.topic, 0, 15, clickOf({ user_id: 'of other' }))],
    });
    expect(await handler(event)).toEqual({ batchItemFailures: [] });
    expect(await handler(event)).toEqual({ batchItemFailures: [] });
    const stored = await rawEvents(store, one.tenant.ctx);
    expect(stored.map(({ event_id }) => event_id)).toEqual(
      [`${one.topic}-0-1016:0`, `${one.topic}-0-15:0`, 'e1'].sort(),
    );
    const byId = new Map(stored.map(({ event_id, created_at }) => [event_id, created_at]));
    expect(byId.get(`${one.topic}-0-1016:0`)).toBe(String(at * 1000 + 16));
    expect(await rawEvents(store, other.tenant.ctx)).toMatchObject([{ user_id: 'of other' }]);
    expect(await letters()).toEqual({});
  });

  test('with poison counts all else: tombstones, what is no JSON, times of producers that are no times, and what claims another tenant', async () => {
    const { tenant, topic, binding } = await bindTenant();
    const { deliver, letters } = composeDelivery(store, [binding]);
    const records = [
      kafkaRecord(topic, 0, 1, undefined),
      kafkaRecord(topic, 0, 2, clickOf({ event_id: 'e1' })),
      kafkaRecord(topic, 0, 3, '<click/>'),
      kafkaRecord(topic, 0, 4, clickOf(), Date.now() + 3_600_000),
      kafkaRecord(topic, 0, 5, clickOf(), -1),
      kafkaRecord(topic, 0, 6, clickOf({ event_id: 'e2' })),
      kafkaRecord(topic, 0, 7, { tenant: 'umbrella', source: 'clicks', ...clickOf({ event_id: 'stolen' }) }),
      kafkaRecord(topic, 0, 8, { payload: '{"tenant":"umbrella"}', signature: 'AAAA' }),
    ];
    const event = kafkaEvent({ [`${topic}-0`]: records });
    expect(await createKafkaHandler(deliver)(event)).toEqual({ batchItemFailures: [] });
    expect((await rawEvents(store, tenant.ctx)).map(({ event_id }) => event_id)).toEqual(['e1', 'e2']);
    const kept = Object.entries(await letters()).map(([key, { reason }]) => [
      key.slice(key.lastIndexOf('/') + 1),
      reason,
    ]);
    expect(Object.fromEntries(kept)).toEqual({
      '0-1.json': 'empty_record',
      '0-3.json': 'not_json',
      '0-4.json': 'invalid_arrival',
      '0-5.json': 'invalid_arrival',
      '0-7.json': 'tenant_not_bound',
      '0-8.json': 'wrong_signature',
    });
  });
});
