import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { Cluster, Redis } from 'ioredis';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';

test('Postgres answers as version 18 with the settings that the tests count on', async () => {
  const client = new pg.Client(inject('postgresAdminUrl'));
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query(
    `select current_setting('server_version_num')::int / 10000 as version,
            current_setting('max_connections')::int as connections,
            current_setting('server_encoding') as encoding`,
  );
  expect(rows).toEqual([{ version: 18, connections: 200, encoding: 'UTF8' }]);
});

test('Postgres lets nobody in without the password', async () => {
  const url = new URL(inject('postgresAdminUrl'));
  url.password = 'wrong';
  await expect(new pg.Client(url.href).connect()).rejects.toThrow('password authentication failed');
});

test('Redis keeps a value', async () => {
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  await redis.set('services.test:greeting', 'hello');
  expect(await redis.get('services.test:greeting')).toBe('hello');
});

test('the Redis cluster serves keys on all of its three masters', async () => {
  const hosts = inject('redisClusterUrl').replace('redis-cluster://', '').split(',');
  const cluster = new Cluster(hosts.map((host) => `redis://${host}`));
  onTestFinished(() => cluster.disconnect());
  const keys = Array.from({ length: 50 }, (_, index) => `services.test:${index}`);
  await Promise.all(keys.map((key) => cluster.set(key, `value of ${key}`)));
  expect(await Promise.all(keys.map((key) => cluster.get(key)))).toEqual(keys.map((key) => `value of ${key}`));

  const sizes = await Promise.all(cluster.nodes('master').map((node) => node.dbsize()));
  expect(sizes).toHaveLength(3);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
});

test('DynamoDB keeps an item', async () => {
  const client = new DynamoDBClient({
    endpoint: inject('dynamodbEndpoint'),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(() => client.destroy());
  const TableName = 'services-test';
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await client.send(new PutItemCommand({ TableName, Item: { id: { S: 'a' }, count: { N: '1' } } }));
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: 'a' } } }));
  expect(Item).toEqual({ id: { S: 'a' }, count: { N: '1' } });
});

test('a Postgres that is killed comes back at the same address with every committed row', async () => {
  const server = await startPostgres();
  onTestFinished(() => server.stop());
  const before = new pg.Client(server.url);
  const lost = new Promise((resolve) => before.once('error', resolve));
  await before.connect();
  await before.query('create table kept as select 42 as answer');
  await server.kill();
  expect(await lost).toBeInstanceOf(Error);

  await server.start();
  const after = new pg.Client(server.url);
  await after.connect();
  onTestFinished(() => after.end());
  expect((await after.query('select answer from kept')).rows).toEqual([{ answer: 42 }]);
});

test('a paused Redis keeps its connections and answers once it is resumed', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const patient = new Redis(server.url);
  const impatient = new Redis(server.url, { commandTimeout: 200 });
  onTestFinished(() => patient.disconnect());
  onTestFinished(() => impatient.disconnect());
  await Promise.all([patient.ping(), impatient.ping()]);

  server.pause();
  const answer = patient.ping();
  await expect(impatient.ping()).rejects.toThrow('Command timed out');
  server.resume();
  expect(await answer).toBe('PONG');
});
