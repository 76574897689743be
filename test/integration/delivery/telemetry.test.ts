import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKinesisHandler } from '../../../functions/stream/handle-kinesis.ts';
import { createPrometheusTelemetry } from '../../../shared/platform/prometheus.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { clickOf, clicks, composeDelivery, kinesisRecord } from './delivery-setup.ts';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

test('each batch says how long it took, what it accepted, what it had before, and what went to the dead letters', async () => {
  expect((await store.post('/api/v1/stream-sources', clicks)).status).toBe(201);
  const { tenantName } = store.tenant.ctx;
  const telemetry = createPrometheusTelemetry({ clock: store.clock });
  const bindings = [{ stream: tenantName, tenant: tenantName, source: 'clicks' }];
  const handler = createKinesisHandler(composeDelivery(store, bindings, { telemetry }).deliver);
  const event = {
    Records: [
      kinesisRecord(tenantName, clickOf({ event_id: 'e1' })),
      kinesisRecord(tenantName, { events: [clickOf({ event_id: 'e2' }), clickOf({ event_id: 'e1' })] }),
      kinesisRecord(tenantName, clickOf({ event_id: 'e3', amount: 'much' })),
    ],
  };
  await handler(event);
  await handler(event);

  const text = await telemetry.expose();
  const sampleOf = (name: string) => Number(new RegExp(`^feature_store_stream_${name} (.*)$`, 'm').exec(text)?.[1]);
  expect({
    batches: sampleOf('batch_duration_seconds_count'),
    accepted: sampleOf('events_total'),
    duplicates: sampleOf('duplicates_total'),
    deadLetters: sampleOf('dead_letters_total'),
    failed: sampleOf('failed_records_total'),
  }).toEqual({ batches: 2, accepted: 6, duplicates: 4, deadLetters: 2, failed: 0 });
  expect(sampleOf('batch_duration_seconds_sum')).toBeGreaterThan(0);
});
