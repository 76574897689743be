import { gzipSync } from 'node:zlib';
import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signEnvelope } from '../../shared/delivery/envelope.ts';
import { until } from '../e2e/local-process.ts';
import { clickOf, composeDelivery, rawEvents } from '../integration/delivery/delivery-setup.ts';
import {
  createFeatureStore,
  envelopeSecret,
  type TestFeatureStore,
  type TestTenant,
} from '../support/feature-store.ts';
import {
  bindTenant,
  committedOffsets,
  createAdmin,
  createTopic,
  groupOf,
  membersOf,
  produce,
  readTopic,
  untilCommitted,
} from './kafka-setup.ts';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

const idsOf = async ({ ctx }: TestTenant): Promise<string[]> =>
  (await rawEvents(store, ctx)).map(({ event_id }) => event_id);

describe('a topic', () => {
  test('is handed over as Lambda does: keys and values as base64, headers as lists of bytes, tombstones without a value', async () => {
    const topic = await createTopic(2);
    const { binding } = await bindTenant(store, topic);
    const { deliver } = composeDelivery(store, [binding]);
    const body = clickOf({ event_id: 'e1' });
    const sentAt = Date.now();
    await produce(topic, [
      { partition: 0, key: 'u1', body, headers: { trace: 'abc', origin: 'ü' } },
      { partition: 1, key: 'gone', body: null },
    ]);
    const reader = readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 1, 1: 1 });
    const records = Object.assign({}, ...reader.events.map((event) => Object(event).records));
    expect(records).toEqual({
      [`${topic}-0`]: [
        {
          topic,
          partition: 0,
          offset: 0,
          timestamp: expect.any(Number),
          timestampType: 'CREATE_TIME',
          key: Buffer.from('u1').toString('base64'),
          value: Buffer.from(JSON.stringify(body)).toString('base64'),
          headers: [{ trace: [97, 98, 99] }, { origin: [0xc3, 0xbc] }],
        },
      ],
      [`${topic}-1`]: [expect.objectContaining({ partition: 1, offset: 0, value: null, headers: [] })],
    });
    expect(Math.abs(records[`${topic}-0`][0].timestamp - sentAt)).toBeLessThan(60_000);
    expect(reader.events[0]).toMatchObject({
      eventSource: 'aws:kafka',
      eventSourceArn: expect.stringMatching(/^arn:aws:kafka:/),
      bootstrapServers: expect.stringMatching(/:\d+$/),
    });
  });

  test('may bring gzip, base64 and batches that the producer has compressed, and tombstones are dead letters', async () => {
    const topic = await createTopic(1);
    const { tenant, binding } = await bindTenant(store, topic);
    const { deliver, letters } = composeDelivery(store, [binding]);
    const json = (event_id: string) => Buffer.from(JSON.stringify(clickOf({ event_id })));
    await produce(topic, [
      { partition: 0, body: gzipSync(json('gzip')) },
      { partition: 0, body: json('base64').toString('base64') },
      { partition: 0, body: gzipSync(json('both')).toString('base64') },
      { partition: 0, body: null },
    ]);
    await produce(topic, [{ partition: 0, body: clickOf({ event_id: 'in a batch' }) }], 'gzip');
    readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 5 });
    expect(await idsOf(tenant)).toEqual(['base64', 'both', 'gzip', 'in a batch']);
    expect(Object.entries(await letters())).toMatchObject([
      [expect.stringContaining(`/${topic}/0-3.json`), { reason: 'empty_record', data: '' }],
    ]);
  });

  test('whose topic says the time of arrival has that time at each delivery', async () => {
    const topic = await createTopic(1);
    await createAdmin().incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: topic,
          configs: [
            {
              name: 'message.timestamp.type',
              configOperation: IncrementalAlterConfigOperationTypes.SET,
              value: 'LogAppendTime',
            },
          ],
        },
      ],
    });
    const { tenant, binding } = await bindTenant(store, topic);
    const { deliver } = composeDelivery(store, [binding]);
    await produce(topic, [
      { partition: 0, body: clickOf({ event_id: 'e1' }) },
      { partition: 0, body: clickOf({ event_id: 'e2' }) },
    ]);
    const reader = readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 2 });
    const [first, second] = Object(reader.events[0]).records[`${topic}-0`];
    expect([first.timestampType, second.timestampType]).toEqual(['LOG_APPEND_TIME', 'LOG_APPEND_TIME']);
    // Of one batch, so of one time: the offset tells them apart.
    expect(await rawEvents(store, tenant.ctx)).toMatchObject([
      { event_id: 'e1', created_at: `${first.timestamp}000` },
      { event_id: 'e2', created_at: `${first.timestamp}001` },
    ]);
  });

  test('with poison in one partition goes on in all, and the poison is kept with its place and its reason', async () => {
    const topic = await createTopic(2);
    const { tenant, binding } = await bindTenant(store, topic);
    const { deliver, letters } = composeDelivery(store, [binding]);
    await produce(topic, [
      { partition: 0, body: clickOf({ event_id: 'a1' }) },
      { partition: 0, body: '<click/>' },
      { partition: 0, body: clickOf({ event_id: 'a2', amount: 'much' }) },
      { partition: 0, body: clickOf({ event_id: 'a3' }) },
      { partition: 1, body: clickOf({ event_id: 'b1' }) },
    ]);
    readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 4, 1: 1 });
    expect(await idsOf(tenant)).toEqual(['a1', 'a3', 'b1']);
    const place = { transport: 'kafka', stream: topic, shard: '0' };
    expect(Object.values(await letters())).toEqual([
      expect.objectContaining({
        ...place,
        sequence: '1',
        reason: 'not_json',
        data: Buffer.from('<click/>').toString('base64'),
      }),
      expect.objectContaining({
        ...place,
        sequence: '2',
        reason: 'wrong_type',
        detail: expect.stringMatching(/amount/),
      }),
    ]);
  });

  test('brings nothing to a tenant that it is not bound to, whatever its records claim', async () => {
    const topic = await createTopic(1);
    const { tenant, binding } = await bindTenant(store, topic);
    const other = await bindTenant(store, 'another');
    const { deliver, letters } = composeDelivery(store, [binding]);
    const claim = { tenant: other.tenant.ctx.tenantName, source: 'clicks' };
    await produce(topic, [
      { partition: 0, body: { ...claim, events: [clickOf({ event_id: 'claimed' })] } },
      { partition: 0, body: { ...clickOf({ event_id: 'claimed too' }), ...claim } },
      { partition: 0, body: signEnvelope(JSON.stringify({ ...claim, events: [clickOf()] }), 'not the secret of ours') },
      { partition: 0, body: clickOf({ event_id: 'own' }) },
    ]);
    readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 4 });
    expect(await idsOf(tenant)).toEqual(['own']);
    expect(await idsOf(other.tenant)).toEqual([]);
    expect(Object.values(await letters()).map(({ reason }) => reason)).toEqual([
      'tenant_not_bound',
      'tenant_not_bound',
      'wrong_signature',
    ]);
  });

  test('that is bound to nobody brings what we have signed, each to the tenant that it names, and nothing else', async () => {
    const topic = await createTopic(1);
    const [one, other] = [await bindTenant(store, 'none'), await bindTenant(store, 'none')];
    const { deliver, letters } = composeDelivery(store, []);
    const signed = ({ tenant }: typeof one, event_id: string) =>
      signEnvelope(
        JSON.stringify({ tenant: tenant.ctx.tenantName, source: 'clicks', events: [clickOf({ event_id })] }),
        envelopeSecret,
      );
    await produce(topic, [
      { partition: 0, body: signed(one, 'of one') },
      { partition: 0, body: clickOf() },
      { partition: 0, body: signed(other, 'of other') },
    ]);
    readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 3 });
    expect(await idsOf(one.tenant)).toEqual(['of one']);
    expect(await idsOf(other.tenant)).toEqual(['of other']);
    expect(Object.values(await letters())).toMatchObject([{ reason: 'stream_not_bound' }]);
  });
});

describe('the group of a topic', () => {
  test('goes on where it was when the consumer stops, which leaves nothing half done and nobody behind', async () => {
    const topic = await createTopic(2);
    const { tenant, binding } = await bindTenant(store, topic);
    const { deliver } = composeDelivery(store, [binding]);
    await produce(topic, [{ partition: 0, body: clickOf({ event_id: 'before' }) }]);
    const first = readTopic(topic, deliver);
    await until('the first is handed over', 20_000, () => first.events.length > 0);
    await first.stop();
    expect(await idsOf(tenant)).toEqual(['before']);
    expect(await committedOffsets(topic)).toMatchObject({ 0: 1 });
    expect((await membersOf(groupOf(topic))).size).toBe(0);

    await produce(topic, [{ partition: 0, body: clickOf({ event_id: 'meanwhile' }) }]);
    const second = readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 2 });
    expect(await idsOf(tenant)).toEqual(['before', 'meanwhile']);
    expect(second.events).toHaveLength(1);
  });

  test('goes on at the oldest record there is where the one that it would read has ended', async () => {
    const topic = await createTopic(1);
    const { tenant, binding } = await bindTenant(store, topic);
    const { deliver } = composeDelivery(store, [binding]);
    const send = (...ids: string[]) =>
      produce(
        topic,
        ids.map((event_id) => ({ partition: 0, body: clickOf({ event_id }) })),
      );
    await send('a');
    const first = readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 1 });
    await first.stop();
    await send('b', 'c', 'd');
    await createAdmin().deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 3n }] }] });
    readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 4 });
    expect(await idsOf(tenant)).toEqual(['a', 'd']);
  });

  test('reads partitions that are added while it reads', async () => {
    const topic = await createTopic(1);
    const { tenant, binding } = await bindTenant(store, topic);
    const { deliver } = composeDelivery(store, [binding]);
    readTopic(topic, deliver);
    await produce(topic, [{ partition: 0, body: clickOf({ event_id: 'old' }) }]);
    await untilCommitted(topic, { 0: 1 });
    await createAdmin().createPartitions({ topics: [{ name: topic, count: 2 }] });
    await until('the new one takes records', 20_000, () =>
      produce(topic, [{ partition: 1, body: clickOf({ event_id: 'new' }) }]).then(
        () => true,
        () => false,
      ),
    );
    await until('both are counted', 20_000, async () => (await idsOf(tenant)).length === 2);
    expect(await idsOf(tenant)).toEqual(['new', 'old']);
  });

  test('is divided when a second consumer comes, and each partition is read by one of them', async () => {
    const topic = await createTopic(4);
    const { tenant, binding } = await bindTenant(store, topic);
    const { deliver } = composeDelivery(store, [binding]);
    const [one, other] = [readTopic(topic, deliver), readTopic(topic, deliver)];
    await until('each has two partitions', 30_000, async () => {
      const assigned = [...(await membersOf(groupOf(topic))).values()];
      return assigned.length === 2 && assigned.every(({ length }) => length === 2);
    });
    const partitions = [0, 1, 2, 3];
    await produce(
      topic,
      partitions.map((partition) => ({ partition, body: clickOf({ event_id: `e${partition}` }) })),
    );
    await untilCommitted(topic, { 0: 1, 1: 1, 2: 1, 3: 1 });
    expect(await idsOf(tenant)).toEqual(['e0', 'e1', 'e2', 'e3']);
    const readBy = ({ events }: typeof one) =>
      events.flatMap((event) => Object.keys(Object(event).records).map((key) => Number(key.slice(-1))));
    expect([...readBy(one), ...readBy(other)].sort()).toEqual(partitions);

    await one.stop();
    await produce(
      topic,
      partitions.map((partition) => ({ partition, body: clickOf({ event_id: `f${partition}` }) })),
    );
    await untilCommitted(topic, { 0: 2, 1: 2, 2: 2, 3: 2 });
    expect(await idsOf(tenant)).toHaveLength(8);
  });
});
