import { afterAll, expect, test } from 'vitest';
import { type Gate, startGate } from '../e2e/gate.ts';
import { faultsLogged, type LocalProcess, startLocal, until } from '../e2e/local-process.ts';
import { freePort } from '../support/free-port.ts';
import { bodyOf, expectWindowsOf, makeClicks, registerClickWindows } from './click-windows.ts';
import { brokers, createTopic, membersOf, produce } from './kafka-setup.ts';

let local: LocalProcess | undefined;
let gate: Gate | undefined;
afterAll(async () => {
  await local?.stop();
  await gate?.stop();
});

test('a broker that is away at the start is one line of the log, and is read when it comes', async () => {
  const topics = [await createTopic(2), await createTopic(1)];
  const [topic = ''] = topics;
  const port = await freePort();
  local = await startLocal(
    {
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      KAFKA_GROUP: 'broker-away',
      KAFKA_TOPIC: topics[1] ?? '',
      STREAM_BINDINGS: JSON.stringify([{ topic, tenant: 'tenant1', source: 'clicks' }]),
    },
    { args: ['--memory', '--no-seed'] },
  );
  const { post, child, request } = local;
  const saying = (text: string): string[] =>
    child
      .output()
      .split('\n')
      .filter((line) => line.includes(text));
  expect(child.output()).toContain(`Kafka: ${topics.join(', ')} at 127.0.0.1:${port}`);
  expect((await request('GET', '/health')).status).toBe(200);
  await registerClickWindows(post);
  const sent = makeClicks(50, [0, 1]);
  await produce(
    topic,
    sent.map((click) => ({ partition: click.partition, body: bodyOf(click) })),
  );
  await until('it is said', 20_000, () => saying('no Kafka answers at').length > 0);
  expect(await membersOf(`broker-away.${topic}`)).toEqual(new Map());

  gate = await startGate(Number(brokers.split(':')[1]), port);
  await until('both topics are read', 20_000, () => saying('Kafka answers again').length > 0);
  await until('all are counted', 20_000, async () => {
    const read = await post('/api/v1/features/online', {
      entity_ids: [...new Set(sent.map(({ user }) => user))],
      feature_names: ['clicks_ever'],
    });
    const counts: number[] = read.json.rows.map(({ values }: { values: number[] }) => values[0]);
    return counts.reduce((sum, count) => sum + count, 0) === sent.length;
  });
  await expectWindowsOf(post, sent);
  expect(saying('no Kafka answers at')).toHaveLength(1);
  expect(saying('Kafka answers again')).toHaveLength(1);
  expect(faultsLogged(local)).toEqual([]);
});
