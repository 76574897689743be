import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalKinesis, openKinesis } from '../../../functions/local/kinesis.ts';
import { createKinesisPoller } from '../../../functions/local/poll-kinesis.ts';
import { createKinesisHandler, type KinesisEvent } from '../../../functions/stream/handle-kinesis.ts';
import { eventsLimits } from '../../../shared/contract/events.ts';
import { createKinesisLog } from '../../../shared/delivery/index.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { clickOf, clicks, composeDelivery, rawEvents } from './delivery-setup.ts';

let kinesis: LocalKinesis;
let store: TestFeatureStore;

beforeAll(async () => {
  kinesis = await openKinesis({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_KINESIS: undefined });
  await kinesis.ensureStreams(['events', 'retried']);
  store = await createFeatureStore({ replace: { eventLog: createKinesisLog(kinesis.client, 'events') } });
});
afterAll(async () => {
  await store.close();
  await kinesis.close();
});

async function tenantWithClicks() {
  const tenant = await store.createTenant();
  const registered = await store.post('/api/v1/stream-sources', clicks, { key: tenant.key });
  expect(registered.status).toBe(201);
  return tenant;
}

const path = '/api/v1/events/clicks';

describe('events written over HTTPS', () => {
  test('come by Kinesis, signed and packed, and count once', async () => {
    const tenant = await tenantWithClicks();
    const events = [clickOf({ event_id: 'e1' }), clickOf(), clickOf({ event_id: 'e1' }), clickOf({ user_id: 'u2' })];
    const written = await store.post(path, { events }, { key: tenant.key });
    expect(written.status).toBe(202);
    expect(written.json).toMatchObject({ accepted: 4, rejected: [] });
    const ids: string[] = written.json.event_ids;
    expect(ids).toHaveLength(4);
    expect([ids[0], ids[2]]).toEqual(['e1', 'e1']);
    const made = [ids[1], ids[3]];
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(made).toEqual(made.toSorted());

    const { deliver, letters } = composeDelivery(store);
    const poller = createKinesisPoller({
      client: kinesis.client,
      streams: ['events'],
      handler: createKinesisHandler(deliver),
    });
    await vi.waitFor(async () => {
      await poller.poll();
      expect(await rawEvents(store, tenant.ctx)).toHaveLength(3);
    });
    expect((await rawEvents(store, tenant.ctx)).map(({ event_id }) => event_id)).toEqual([...new Set(ids)].sort());
    expect(await letters()).toEqual({});
  });

  test('are judged one by one', async () => {
    const tenant = await tenantWithClicks();
    const events = [
      clickOf({ event_id: 'e0' }),
      7,
      clickOf({ amount: 'much' }),
      clickOf({ event_id: '' }),
      clickOf({ event_id: 'e4' }),
    ];
    const written = await store.post(path, { events }, { key: tenant.key });
    expect(written.status).toBe(202);
    expect(written.json).toMatchObject({
      accepted: 2,
      event_ids: ['e0', 'e4'],
      rejected: [
        { index: 1, code: 'invalid_row' },
        { index: 2, code: 'wrong_type' },
        { index: 3, code: 'invalid_event_id' },
      ],
    });
    const refused = await store.post(path, { events: [{ user_id: 'u1' }] }, { key: tenant.key });
    expect(refused.status).toBe(422);
    expect(refused.json).toMatchObject({
      code: 'no_event_accepted',
      accepted: 0,
      event_ids: [],
      rejected: [{ index: 0, code: 'invalid_event_time' }],
    });
  });

  test('of a source that is none, or of a wrong shape, are refused', async () => {
    const tenant = await tenantWithClicks();
    const post = async (to: string, body: unknown) => {
      const { status, json } = await store.post(to, body, { key: tenant.key });
      return [status, json.code];
    };
    expect(await post('/api/v1/events/unknown', { events: [clickOf()] })).toEqual([404, 'source_not_found']);
    expect(await post('/api/v1/events/a-b', { events: [clickOf()] })).toEqual([400, 'invalid_name']);
    expect(await post(path, { events: [] })).toEqual([400, 'invalid_request']);
    expect(await post(path, { events: [clickOf()], source: 'clicks' })).toEqual([400, 'invalid_request']);
    expect(await post(path, { events: new Array(eventsLimits.events + 1).fill(0) })).toEqual([400, 'too_many_rows']);
  });

  test('as large as they may be go through, and a larger one is refused', async () => {
    const tenant = await tenantWithClicks();
    const source = { ...clicks, name: 'notes', schema: { ...clicks.schema, notes: 'string[]' } };
    expect((await store.post('/api/v1/stream-sources', source, { key: tenant.key })).status).toBe(201);
    // Quotes, which take four times their bytes within JSON within JSON.
    const largest = clickOf({ notes: new Array(3).fill('"'.repeat(55_000)), event_id: 'largest' });
    const tooLarge = clickOf({ notes: new Array(9).fill('x'.repeat(50_000)) });
    const written = await store.post('/api/v1/events/notes', { events: [largest, tooLarge] }, { key: tenant.key });
    expect(written.json).toMatchObject({ event_ids: ['largest'], rejected: [{ index: 1, code: 'too_long' }] });
  });

  test('are 503 while Kinesis is away', async () => {
    const withoutKinesis = await createFeatureStore();
    try {
      expect((await withoutKinesis.post('/api/v1/stream-sources', clicks)).status).toBe(201);
      const answer = await withoutKinesis.post(path, { events: [clickOf()] });
      expect([answer.status, answer.json.code, answer.json.dependency]).toEqual([503, 'unavailable', 'kinesis']);
    } finally {
      await withoutKinesis.close();
    }
  });
});

test('the poller goes on only past what did not fail', async () => {
  const log = createKinesisLog(kinesis.client, 'retried');
  const seen: string[][] = [];
  let failures = 2;
  const handler = async ({ Records }: KinesisEvent) => {
    seen.push(Records.map(({ kinesis: { data } }) => Buffer.from(data, 'base64').toString()));
    const second = Records.find(({ kinesis: { data } }) => data === Buffer.from('b').toString('base64'));
    failures -= 1;
    const isFailing = failures >= 0 && second !== undefined;
    return { batchItemFailures: isFailing ? [{ itemIdentifier: second.kinesis.sequenceNumber }] : [] };
  };
  await log.append(['a', 'b', 'c'].map((text) => ({ partitionKey: 'same', data: Buffer.from(text) })));
  const poller = createKinesisPoller({ client: kinesis.client, streams: ['retried'], handler });
  expect(await poller.poll()).toBe(1);
  expect(await poller.poll()).toBe(0);
  expect(await poller.poll()).toBe(2);
  expect(await poller.poll()).toBe(0);
  expect(seen).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
    ['b', 'c'],
  ]);
});
