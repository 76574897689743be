import { afterAll, beforeAll, expect, test } from 'vitest';
import { signEnvelope } from '../../shared/delivery/envelope.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';
import { until } from '../e2e/local-process.ts';
import { clickOf, composeDelivery, rawEvents } from '../integration/delivery/delivery-setup.ts';
import { createFeatureStore, envelopeSecret, type TestFeatureStore } from '../support/feature-store.ts';
import { createMigratedTemplate, createTestDatabase } from '../support/migrated-template.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { bodyOf, expectWindowsOf, makeClicks, registerClickWindows } from './click-windows.ts';
import {
  type BoundTenant,
  bindTenant,
  committedOffsets,
  createTopic,
  produce,
  readTopic,
  untilCommitted,
} from './kafka-setup.ts';

let postgres: PostgresServer;
let adminUrl: string;
let store: TestFeatureStore;
beforeAll(async () => {
  postgres = await startPostgres();
  await createMigratedTemplate(postgres.url);
  adminUrl = (await createTestDatabase(postgres.url)).adminUrl;
  store = await createFeatureStore({ replace: { postgresUrl: adminUrl } });
});
afterAll(async () => {
  await store?.close();
  await postgres?.stop();
});

test('a partition whose records cannot be stored is held at the first of them, and no other waits for it', async () => {
  const topic = await createTopic(2);
  const [held, free] = [await bindTenant(store, topic), await bindTenant(store, topic)];
  // Soon, where the role's own would take nine seconds.
  const writer = createPostgres({
    url: adminUrl,
    maxPool: 4,
    role: 'feature_store_writer',
    statementTimeoutMillis: 300,
    telemetry: silentTelemetry,
  });
  const { deliver } = composeDelivery({ ...store, databases: { ...store.databases, writer } }, []);
  const signed = ({ tenant }: BoundTenant, event_id: string): object =>
    signEnvelope(
      JSON.stringify({ tenant: tenant.ctx.tenantName, source: 'clicks', events: [clickOf({ event_id })] }),
      envelopeSecret,
    );
  const idsOf = async ({ tenant }: BoundTenant) => (await rawEvents(store, tenant.ctx)).map(({ event_id }) => event_id);

  await produce(topic, [
    { partition: 0, body: signed(free, 'before the fault') },
    { partition: 0, body: signed(held, 'h1') },
    { partition: 0, body: signed(free, 'behind the fault') },
    { partition: 0, body: signed(held, 'h2') },
    { partition: 1, body: signed(free, 'f1') },
  ]);
  let sent = 1;
  let reader: ReturnType<typeof readTopic> | undefined;
  await store.databases.admin.transaction(async (transaction) => {
    await transaction.script(`LOCK TABLE ${held.tenant.ctx.tenantId}.clicks_seen`);
    reader = readTopic(topic, deliver);
    await untilCommitted(topic, { 0: 1, 1: 1 });
    // While the one rests.
    await until('the other is handed over alone', 20_000, async () => {
      sent += 1;
      await produce(topic, [{ partition: 1, body: signed(free, `f${sent}`) }]);
      await untilCommitted(topic, { 1: sent });
      return reader?.events.some((event) => String(Object.keys(Object(event).records)) === `${topic}-1`) ?? false;
    });
    expect(await committedOffsets(topic)).toEqual({ 0: 1, 1: sent });
  });
  await untilCommitted(topic, { 0: 4, 1: sent });
  expect(await idsOf(held)).toEqual(['h1', 'h2']);
  const ofOther = Array.from({ length: sent }, (_, place) => `f${place + 1}`);
  expect(await idsOf(free)).toEqual(['before the fault', 'behind the fault', ...ofOther].sort());
  await reader?.stop();
  await writer.close();
});

test('while Postgres is away nothing is passed over but poison, and afterwards every event is counted once', async () => {
  const topic = await createTopic(3);
  const tenant = await store.createTenant();
  const post: typeof store.post = (path, body) => store.post(path, body, { key: tenant.key });
  await registerClickWindows(post);
  const { deliver, letters } = composeDelivery(store, [{ topic, tenant: tenant.ctx.tenantName, source: 'clicks' }]);
  const partitions = [0, 1, 2];
  const recordsOf = (clicks: ReturnType<typeof makeClicks>) =>
    clicks.map((click) => ({ partition: click.partition, body: bodyOf(click) }));
  const ends = (...sent: ReturnType<typeof makeClicks>) =>
    partitions.map((partition) => sent.filter((click) => click.partition === partition).length);

  const before = makeClicks(300, partitions);
  await produce(topic, recordsOf(before));
  const reader = readTopic(topic, deliver);
  const [zero = 0, one = 0, two = 0] = ends(...before);
  await untilCommitted(topic, { 0: zero, 1: one, 2: two });

  await postgres.kill();
  const meanwhile = makeClicks(300, partitions);
  await produce(topic, [{ partition: 2, body: 'poison' }, ...recordsOf(meanwhile), ...recordsOf(before.slice(0, 50))]);
  const calls = reader.events.length;
  await until('it has been tried several times', 30_000, () => reader.events.length > calls + 5);
  // Up to the first that is to come again.
  await untilCommitted(topic, { 2: two + 1 });
  expect(await committedOffsets(topic)).toEqual({ 0: zero, 1: one, 2: two + 1 });

  await postgres.start();
  const [endZero = 0, endOne = 0, endTwo = 0] = ends(...before, ...meanwhile, ...before.slice(0, 50));
  await untilCommitted(topic, { 0: endZero, 1: endOne, 2: endTwo + 1 });
  expect(await rawEvents(store, tenant.ctx)).toHaveLength(600);
  expect(Object.values(await letters())).toMatchObject([
    { reason: 'not_json', stream: topic, shard: '2', sequence: String(two) },
  ]);
  await expectWindowsOf(post, [...before, ...meanwhile]);
});
