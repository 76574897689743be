import { describe, expect, onTestFinished, test } from 'vitest';
import { createKafkaHandler } from '../../../functions/stream/handle-kafka.ts';
import { createKinesisHandler } from '../../../functions/stream/handle-kinesis.ts';
import { createPostgres } from '../../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import { createFeatureStore } from '../../support/feature-store.ts';
import { clickOf, clicks, composeDelivery, kinesisRecord, rawEvents } from './delivery-setup.ts';

async function openStore() {
  const store = await createFeatureStore();
  onTestFinished(() => store.close());
  const bindTenant = async () => {
    const tenant = await store.createTenant();
    await store.post('/api/v1/stream-sources', clicks, { key: tenant.key });
    const stream = `${tenant.ctx.tenantName}.clicks`;
    return { tenant, stream, binding: { stream, tenant: tenant.ctx.tenantName, source: 'clicks' } };
  };
  return { store, bindTenant };
}

/** Nothing listens there. */
const away = createPostgres({ url: 'postgres://127.0.0.1:1/none', maxPool: 1, telemetry: silentTelemetry });

describe('a batch while Postgres is away', () => {
  test('is reported from its first good record on, and its poison is kept at once', async () => {
    const { store, bindTenant } = await openStore();
    const { tenant, stream, binding } = await bindTenant();
    const withoutPostgres = { ...store, databases: { ...store.databases, writer: away } };
    const { deliver, letters } = composeDelivery(withoutPostgres, [binding]);
    const records = [
      kinesisRecord(stream, '{'),
      kinesisRecord(stream, clickOf({ event_id: 'e1' })),
      kinesisRecord(stream, clickOf({ event_id: 'e2' })),
    ];
    const itemIdentifier = records[1]?.kinesis.sequenceNumber;
    // In whatever order the records stand.
    expect(await createKinesisHandler(deliver)({ Records: records.toReversed() })).toEqual({
      batchItemFailures: [{ itemIdentifier }],
    });
    expect(Object.values(await letters())).toMatchObject([{ reason: 'not_json' }]);

    // It comes again when Postgres does.
    const back = createKinesisHandler(composeDelivery(store, [binding]).deliver);
    expect(await back({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(await rawEvents(store, tenant.ctx)).toHaveLength(2);
  });

  test('of Kafka is reported by partition', async () => {
    const { store, bindTenant } = await openStore();
    const { tenant } = await bindTenant();
    const binding = { topic: 'clicks', tenant: tenant.ctx.tenantName, source: 'clicks' };
    const { deliver } = composeDelivery({ ...store, databases: { ...store.databases, writer: away } }, [binding]);
    const recordOf = (partition: number, offset: number, body: unknown) => ({
      topic: 'clicks',
      partition,
      offset,
      timestamp: Date.now(),
      value: Buffer.from(JSON.stringify(body)).toString('base64'),
    });
    const records = {
      'clicks-0': [recordOf(0, 9, null), recordOf(0, 10, clickOf()), recordOf(0, 11, clickOf())],
      'clicks-1': [recordOf(1, 7, null)],
      'clicks-2': [recordOf(2, 3, clickOf())],
    };
    expect(await createKafkaHandler(deliver)({ records })).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: 'clicks-0', offset: 10 } },
        { itemIdentifier: { partition: 'clicks-2', offset: 3 } },
      ],
    });
  });
});

describe('what Postgres refuses of one tenant', () => {
  test('is found and kept by itself, and all else of the batch counts', async () => {
    const { store, bindTenant } = await openStore();
    const [one, other] = [await bindTenant(), await bindTenant()];
    // Nothing that a judge could foresee.
    await store.databases.admin.script(
      `ALTER TABLE ${one.tenant.ctx.tenantId}.clicks_events ADD CHECK (user_id <> 'poison')`,
    );
    const { deliver, letters } = composeDelivery(store, [one.binding, other.binding]);
    const records = Array.from({ length: 40 }, (_, place) => [
      kinesisRecord(one.stream, clickOf({ event_id: `e${place}`, ...(place === 17 ? { user_id: 'poison' } : {}) })),
      kinesisRecord(other.stream, clickOf({ event_id: `e${place}` })),
    ]).flat();
    expect(await createKinesisHandler(deliver)({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(await rawEvents(store, one.tenant.ctx)).toHaveLength(39);
    expect(await rawEvents(store, other.tenant.ctx)).toHaveLength(40);
    expect(Object.values(await letters())).toMatchObject([
      { reason: 'database_error', detail: 'Postgres refuses it: SQLSTATE 23514' },
    ]);
  });

  test('altogether is kept, and no other tenant waits for it', async () => {
    const { store, bindTenant } = await openStore();
    const [one, other] = [await bindTenant(), await bindTenant()];
    await store.databases.admin.script(`DROP TABLE ${one.tenant.ctx.tenantId}.clicks_seen`);
    const { deliver, letters } = composeDelivery(store, [one.binding, other.binding]);
    const records = Array.from({ length: 200 }, (_, place) => [
      kinesisRecord(one.stream, clickOf({ event_id: `e${place}` })),
      kinesisRecord(other.stream, clickOf({ event_id: `e${place}` })),
    ]).flat();
    expect(await createKinesisHandler(deliver)({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(await rawEvents(store, other.tenant.ctx)).toHaveLength(200);
    expect(Object.values(await letters())).toHaveLength(200);
  });
});
