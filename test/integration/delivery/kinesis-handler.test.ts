import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKinesisHandler } from '../../../functions/stream/handle-kinesis.ts';
import { signEnvelope } from '../../../shared/delivery/envelope.ts';
import { replayDeadLetters } from '../../../shared/delivery/index.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import {
  createFeatureStore,
  envelopeSecret,
  type TestFeatureStore,
  type TestTenant,
} from '../../support/feature-store.ts';
import { clickOf, clicks, composeDelivery, kinesisRecord, rawEvents } from './delivery-setup.ts';

let store: TestFeatureStore;

beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

/** A tenant with a source of clicks and a batch view, and bindings of streams of its own to both. */
async function bindTenant(): Promise<{ tenant: TestTenant; stream: string; rows: string; bindings: object[] }> {
  const tenant = await store.createTenant();
  const { tenantName } = tenant.ctx;
  const source = await store.post('/api/v1/stream-sources', clicks, { key: tenant.key });
  const view = { name: 'profile', entity_type: 'user', features: [{ name: 'age', dtype: 'int64' }] };
  const registered = await store.post('/api/v1/feature-views', view, { key: tenant.key });
  expect([source.status, registered.status]).toEqual([201, 201]);
  const [stream, rows] = [`${tenantName}.clicks`, `${tenantName}.rows`];
  const bindings = [
    { stream, tenant: tenantName, source: 'clicks' },
    { stream: rows, tenant: tenantName, view: 'profile' },
  ];
  return { tenant, stream, rows, bindings };
}

const signed = (content: object) => signEnvelope(JSON.stringify(content), envelopeSecret);
const success = { batchItemFailures: [] };

describe('a batch of Kinesis', () => {
  test('of several tenants, sources and views counts for each its own, once however often it comes', async () => {
    const [one, other] = [await bindTenant(), await bindTenant()];
    const { deliver, letters } = composeDelivery(store, [...one.bindings, ...other.bindings]);
    const handler = createKinesisHandler(deliver);
    const event = {
      Records: [
        kinesisRecord(one.stream, clickOf({ event_id: 'e1' })),
        kinesisRecord(other.stream, gzipSync(JSON.stringify(clickOf({ event_id: 'e1', user_id: 'of other' })))),
        kinesisRecord(one.stream, { events: [clickOf({ event_id: 'e2' }), clickOf({ event_id: 'e1' })] }),
        kinesisRecord(
          'our-own',
          signed({ tenant: one.tenant.ctx.tenantName, source: 'clicks', events: [clickOf({ event_id: 'e3' })] }),
        ),
        kinesisRecord(one.rows, { entity_id: 'u1', event_time: Date.now() - 1000, values: { age: 41 } }),
        kinesisRecord(one.rows, { rows: [{ entity_id: 'u2', event_time: Date.now() - 1000, values: { age: 42 } }] }),
      ],
    };
    expect(await handler(event)).toEqual(success);
    expect(await handler(event)).toEqual(success);
    expect((await rawEvents(store, one.tenant.ctx)).map(({ event_id }) => event_id)).toEqual(['e1', 'e2', 'e3']);
    expect(await rawEvents(store, other.tenant.ctx)).toMatchObject([{ event_id: 'e1', user_id: 'of other' }]);
    const read = await store.post(
      '/api/v1/features/online',
      { entity_ids: ['u1', 'u2'], feature_names: ['age'], include_metadata: false },
      { key: one.tenant.key },
    );
    expect(read.json.rows.map(({ values }: { values: number[] }) => values[0])).toEqual([41, 42]);
    expect(await letters()).toEqual({});
  });

  test('tells events without an id apart by where they stand, and keeps their arrival', async () => {
    const { tenant, stream, bindings } = await bindTenant();
    const handler = createKinesisHandler(composeDelivery(store, bindings).deliver);
    const record = kinesisRecord(stream, { events: [clickOf(), clickOf()] });
    const { sequenceNumber, approximateArrivalTimestamp } = record.kinesis;
    await handler({ Records: [record] });
    await handler({ Records: [record] });
    const arrival = Math.round(approximateArrivalTimestamp * 1000) * 1000 + Number(sequenceNumber.slice(-3));
    expect(await rawEvents(store, tenant.ctx)).toEqual(
      [0, 1].map((place) => ({
        event_id: `shardId-000000000006:${sequenceNumber}:${place}`,
        user_id: 'u1',
        created_at: String(arrival),
      })),
    );
  });

  test('with poison in its middle counts all else, and keeps the poison with its reason and its bytes', async () => {
    const { tenant, stream, bindings } = await bindTenant();
    const { deliver, letters } = composeDelivery(store, bindings);
    const total = {
      name: 'total',
      entity_type: 'user',
      source: 'clicks',
      entity_key: 'user_id',
      aggregations: [{ name: 'clicks_24h', function: 'count', window: '24h' }],
    };
    expect((await store.post('/api/v1/feature-views', total, { key: tenant.key })).status).toBe(201);
    const poison = Buffer.from([0xff, 0x00, 0x7b]);
    const records = [
      kinesisRecord(stream, clickOf({ event_id: 'e1' })),
      kinesisRecord(stream, poison),
      kinesisRecord(stream, {
        events: [clickOf({ event_id: 'e2' }), clickOf({ amount: 'much' }), clickOf({ colour: 'red' })],
      }),
      kinesisRecord(stream, { tenant: 'umbrella', source: 'clicks', ...clickOf({ event_id: 'stolen' }) }),
      kinesisRecord(stream, {
        ...signed({ tenant: tenant.ctx.tenantName, source: 'clicks', events: [clickOf()] }),
        signature: 'AAAA',
      }),
      kinesisRecord('nobodys', clickOf({ event_id: 'e4' })),
      kinesisRecord(stream, signed({ tenant: 'nobody', source: 'clicks', events: [clickOf()] })),
      kinesisRecord(stream, signed({ tenant: tenant.ctx.tenantName, source: 'unknown', events: [clickOf()] })),
      kinesisRecord(stream, clickOf({ event_id: 'e3', at: Date.now() + 3_600_000 })),
      kinesisRecord(stream, clickOf({ event_id: 'e9' })),
    ];
    const handler = createKinesisHandler(deliver);
    expect(await handler({ Records: records })).toEqual(success);
    expect(await handler({ Records: records })).toEqual(success);
    expect((await rawEvents(store, tenant.ctx)).map(({ event_id }) => event_id)).toEqual(['e1', 'e2', 'e9']);
    const asked = { entity_id: 'u1', feature_names: ['clicks_24h'] };
    const { features } = (await store.post('/api/v1/features/online', asked, { key: tenant.key })).json;
    expect(features).toEqual({ clicks_24h: 3 });
    const kept = await letters();
    const date = new Date().toISOString().slice(0, 10);
    const keyOf = (index: number, owner = tenant.ctx.tenantName, of = stream) =>
      `${date}/${owner}/${of}/shardId-000000000006-${records[index]?.kinesis.sequenceNumber}.json`;
    const reasons = Object.fromEntries(Object.entries(kept).map(([key, { reason }]) => [key, reason]));
    expect(reasons).toEqual({
      [keyOf(1)]: 'not_utf8',
      [keyOf(2)]: 'wrong_type',
      [keyOf(3)]: 'tenant_not_bound',
      [keyOf(4)]: 'wrong_signature',
      [keyOf(5, '(none)', 'nobodys')]: 'stream_not_bound',
      [keyOf(6, 'nobody')]: 'unknown_tenant',
      [keyOf(7)]: 'source_not_found',
      [keyOf(8)]: 'event_time_in_future',
    });
    expect(Buffer.from(kept[keyOf(1)]?.data ?? '', 'base64')).toEqual(poison);
    expect(kept[keyOf(2)]?.refused).toMatchObject([
      { index: 1, code: 'wrong_type' },
      { index: 2, code: 'unknown_field' },
    ]);
  });
});

describe('dead letters', () => {
  test('count when they are delivered again after what was wrong is mended, those parts alone that were refused', async () => {
    const { tenant, stream, bindings } = await bindTenant();
    const delivery = composeDelivery(store, bindings);
    const early = createKinesisHandler(delivery.deliver);
    await early({
      Records: [
        kinesisRecord(stream, { events: [clickOf({ event_id: 'a' }), clickOf({ event_id: 'b', colour: 'red' })] }),
        kinesisRecord(stream, clickOf({ event_id: 'c', amount: 'much' })),
      ],
    });
    expect(Object.keys(await delivery.letters())).toHaveLength(2);
    // As if "a" had been forgotten since: delivered again it would count twice.
    await store.databases.admin.script(`DELETE FROM ${tenant.ctx.tenantId}.clicks_seen`);
    const wider = { ...clicks, schema: { ...clicks.schema, colour: 'string' } };
    expect((await store.post('/api/v1/stream-sources', wider, { key: tenant.key })).status).toBe(201);

    expect(await replayDeadLetters(delivery, { prefix: '1999' })).toMatchObject({ replayed: 0 });
    expect(await replayDeadLetters(delivery, {})).toEqual({
      replayed: 2,
      mended: 1,
      dead: 1,
      failed: 0,
      unreadable: 0,
    });
    expect((await rawEvents(store, tenant.ctx)).map(({ event_id }) => event_id)).toEqual(['a', 'b']);
    expect(Object.values(await delivery.letters())).toMatchObject([{ reason: 'wrong_type' }]);
  });

  test('that cannot be stored have their record come again', async () => {
    const { tenant, stream, bindings } = await bindTenant();
    const { deliver } = composeDelivery(store, bindings, {
      deadLetters: {
        ...composeDelivery(store).deadLetters,
        put: async () => {
          throw new UnavailableError('dead_letters', undefined);
        },
      },
    });
    const records = [
      kinesisRecord(stream, clickOf({ event_id: 'e1' })),
      kinesisRecord(stream, '{'),
      kinesisRecord(stream, clickOf({ event_id: 'e2' })),
    ];
    expect(await createKinesisHandler(deliver)({ Records: records })).toEqual({
      batchItemFailures: [{ itemIdentifier: records[1]?.kinesis.sequenceNumber }],
    });
    expect(await rawEvents(store, tenant.ctx)).toHaveLength(2);
  });
});
