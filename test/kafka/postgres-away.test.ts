import { afterAll, expect, test } from 'vitest';
import { type LocalProcess, type RealStores, startLocal, startStores, until } from '../e2e/local-process.ts';
import { bodyOf, expectWindowsOf, makeClicks, registerClickWindows } from './click-windows.ts';
import { brokers, committedOffsets, createTopic, produce } from './kafka-setup.ts';

let stores: RealStores | undefined;
let local: LocalProcess | undefined;
afterAll(async () => {
  await local?.stop();
  await stores?.stop();
});

test('a process that starts while Postgres is away reads no topic before it knows what is registered', async () => {
  stores = await startStores();
  const topic = await createTopic(2);
  // What is registered is in Postgres alone: each process has a DynamoDB of its own, which is empty.
  const settings = {
    POSTGRES_URL: stores.postgres.url,
    REDIS_URL: stores.redis.url,
    KAFKA_BROKERS: brokers,
    KAFKA_GROUP: 'postgres-away',
    STREAM_BINDINGS: JSON.stringify([{ topic, tenant: 'tenant1', source: 'clicks' }]),
  };
  const options = { args: ['--memory', '--no-seed'] };
  const before = await startLocal(settings, options);
  await registerClickWindows(before.post);
  await before.stop();

  await stores.postgres.kill();
  const sent = makeClicks(60, [0, 1]);
  await produce(
    topic,
    sent.map((click) => ({ partition: click.partition, body: bodyOf(click) })),
  );
  local = await startLocal(settings, options);
  const { child, post } = local;
  await until('it says that it waits', 20_000, () => child.output().includes(`topic ${topic} cannot be read`));

  await stores.postgres.start();
  await until('all are known as done', 30_000, async () => {
    const known = Object.values(await committedOffsets(topic, `postgres-away.${topic}`));
    return known.reduce((sum, offset) => sum + Math.max(0, offset), 0) === sent.length;
  });
  await expectWindowsOf(post, sent);
  expect(child.output()).not.toContain('dead letters');
});
