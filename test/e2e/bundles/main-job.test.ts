import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { signEnvelope } from '../../../shared/delivery/envelope.ts';
import { alarmsOf, metricKey, widgetsOf } from '../../infra/shown-metrics.ts';
import { contextWith, devWithKafka } from '../../infra/synthesize.ts';
import { freePort } from '../../support/free-port.ts';
import { type DeployedStores, madeName, startDeployedStores } from './deployed-stores.ts';
import { metricsIn } from './embedded-metric-format.ts';
import { call, type HttpReply, type LambdaProcess, startLambda } from './lambda-process.ts';
import { kafkaEvent, kinesisRecord, recordsOf } from './stream-events.ts';
import { type Assets, synthesizeAssets } from './synthesize-assets.ts';

/** The main job through the bytes that `cdk synth` hands to a deployment, run as Lambda runs them. */
let assets: Assets;
let stores: DeployedStores;
const started: LambdaProcess[] = [];

beforeAll(async () => {
  assets = await synthesizeAssets(contextWith(devWithKafka));
  stores = await startDeployedStores(assets);
});
afterAll(async () => {
  await Promise.all(started.map((lambda) => lambda.stop()));
  await stores.stop();
  assets.remove();
});

async function start(name: string, environment = stores.environmentOf(name)): Promise<LambdaProcess> {
  const lambda = await startLambda(assets.folderOf(name), environment);
  started.push(lambda);
  return lambda;
}

let registry: LambdaProcess;
let ingest: LambdaProcess;
let online: LambdaProcess;
let stream: LambdaProcess;
let key = '';

const post = (lambda: LambdaProcess, path: string, body: unknown, as = key): Promise<HttpReply> =>
  call(lambda, { method: 'POST', path, key: as, body });
const read = async (entity_id: string, feature_names: string[]): Promise<unknown> => {
  const answer = await post(online, '/api/v1/features/online', { entity_id, feature_names });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text);
};
const publish = async (source: string, events: object[]): Promise<void> => {
  const written = await post(ingest, `/api/v1/events/${source}`, { events });
  expect(written.status, written.text).toBe(202);
};
const signed = (payload: object): string =>
  JSON.stringify(signEnvelope(JSON.stringify(payload), stores.envelopeSecret));
const deadLetters = async (): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of stores.deadLetters.list('')) keys.push(key);
  return keys;
};
const at = (hoursAgo: number) => new Date(Date.now() - hoursAgo * 3_600_000).toISOString();
const [older, newer] = [at(30), at(1)];

test('migrate makes the schema as a master that is no superuser, once', async () => {
  const migrate = await start('migrate');
  const { ran } = z.object({ ran: z.array(z.string()) }).parse(await migrate.invoke({}));
  expect(ran).toEqual(readdirSync('shared/migrations').map((file) => file.replace(/\.sql$/, '')));
  expect(await migrate.invoke({})).toEqual({ ran: [], timescale: false });
});

test('the functions of the API start, each with the login of its own role', async () => {
  [registry, ingest, online, stream] = await Promise.all([
    start('registry'),
    start('ingest'),
    start('online'),
    start('stream'),
  ]);
  for (const lambda of [registry, ingest, online]) {
    const { status, text } = await call(lambda, { method: 'GET', path: '/health/ready' });
    expect(status, text).toBe(200);
  }
});

test.each(['redis', 'upstash'] as const)('online finds a cache that secrets name: %s', async (kind) => {
  const external = await start('online', stores.environmentWithSecretCache('online', kind));
  const { status, text } = await call(external, { method: 'GET', path: '/health/ready' });
  expect([status, JSON.parse(text)]).toMatchObject([200, { dependencies: { cache: { status: 'up' } } }]);
});

test('the operator makes a tenant, which registers a view', async () => {
  const created = await post(registry, '/api/v1/tenants', { name: 'acme' }, stores.platformKey);
  expect(created.status, created.text).toBe(201);
  key = z.object({ api_key: z.object({ key: z.string() }) }).parse(JSON.parse(created.text)).api_key.key;

  const features = [
    { name: 'age', dtype: 'int64' },
    { name: 'country', dtype: 'string' },
  ];
  const view = { name: 'user_profile', entity_type: 'user', ttl_hours: 48, features };
  const registered = await post(registry, '/api/v1/feature-views', view);
  expect(registered.status, registered.text).toBe(201);
});

test('ingest takes its rows', async () => {
  const ingested = await post(ingest, '/api/v1/features/ingest', {
    view: 'user_profile',
    rows: [
      { entity_id: 'u1', event_time: newer, values: { age: 31, country: 'DE' } },
      { entity_id: 'u1', event_time: older, values: { age: 30 } },
    ],
  });
  expect(ingested.status, ingested.text).toBe(200);
  expect(JSON.parse(ingested.text)).toEqual({ accepted: 2, rejected: [] });
});

test('online reads the newest', async () => {
  const body = { entity_id: 'u1', feature_names: ['age', 'user_profile:country'] };
  const read = await post(online, '/api/v1/features/online', body);
  expect(read.status, read.text).toBe(200);
  expect(JSON.parse(read.text)).toMatchObject({
    features: { age: 31, 'user_profile:country': 'DE' },
    metadata: { age: { status: 'PRESENT', event_time: newer } },
  });
});

test('online reads from Postgres what the cache has lost', async () => {
  const dropped = await call(registry, { method: 'DELETE', path: '/api/v1/cache/invalidate/u1', key });
  expect(JSON.parse(dropped.text)).toEqual({ entity_id: 'u1', invalidated: true });
  const read = await post(online, '/api/v1/features/online', { entity_id: 'u1', feature_names: ['age'] });
  expect(JSON.parse(read.text)).toMatchObject({ features: { age: 31 } });
});

test('the registry reads as of a past moment', async () => {
  const batch = await post(registry, '/api/v1/features/batch', {
    entity_ids: ['u1', 'u2'],
    feature_names: ['age'],
    timestamp: at(2),
  });
  expect(batch.status, batch.text).toBe(200);
  expect(JSON.parse(batch.text)).toMatchObject({
    rows: [
      { entity_id: 'u1', features: { age: 30 }, statuses: { age: 'PRESENT' } },
      { entity_id: 'u2', features: { age: null }, statuses: { age: 'NOT_FOUND' } },
    ],
  });
});

test('the consumer of streams takes rows in an envelope that is signed', async () => {
  const rows = [{ entity_id: 'u3', event_time: newer, values: { age: 33 } }];
  const record = kinesisRecord('1001', signed({ tenant: 'acme', view: 'user_profile', rows }));
  expect(await stream.invoke({ Records: [record] })).toEqual({ batchItemFailures: [] });
  expect(await read('u3', ['age'])).toMatchObject({ features: { age: 33 } });
});

test('the sweep finds all done', async () => {
  const sweep = await start('sweep');
  expect(await sweep.invoke({})).toEqual({ projected: 0, republished: 0 });
});

test('the maintenance makes the partition of the next month and the statistics of the hours', async () => {
  const maintain = await start('maintain');
  const nothing = {
    ...{ tables: 1, remaining: 0, postponed: 0, converted: 0, dropped: 0, carried: 0, compressed: 0 },
    ...{ idsForgotten: 0, tilesAged: 0 },
  };
  // Of this month too, where the hour before was the last of another.
  expect(await maintain.invoke({})).toEqual({ ...nothing, partitionsMade: expect.toBeOneOf([1, 2]), hours: 2 });
  expect(await maintain.invoke({})).toMatchObject({ ...nothing, partitionsMade: 0 });
});

test('the backfill counts what a stream view’s source had before it', async () => {
  const source = { name: 'clicks', schema: { user_id: 'string', at: 'timestamp' }, event_time: 'at' };
  expect((await post(registry, '/api/v1/stream-sources', source)).status).toBe(201);
  await publish(
    'clicks',
    ['u4', 'u4', 'a robot'].map((user_id, index) => ({ event_id: `c${index}`, user_id, at: newer })),
  );
  expect(await stream.invoke({ Records: await recordsOf(stores.kinesis, madeName) })).toEqual({
    batchItemFailures: [],
  });
  const aggregations = [{ name: 'clicks_7d', function: 'count', window: '7d' }];
  const where = 'user_id != "a robot"';
  const view = { name: 'clicking', entity_type: 'user', source: 'clicks', entity_key: 'user_id', where, aggregations };
  expect((await post(registry, '/api/v1/feature-views', view)).status).toBe(201);
  const backfill = await start('backfill');
  expect(await backfill.invoke({})).toEqual({ events: 3, finished: 1, remaining: 0 });
  expect(await read('u4', ['clicks_7d'])).toMatchObject({ features: { clicks_7d: 2 } });
  expect(await read('a robot', ['clicks_7d'])).toMatchObject({ features: { clicks_7d: 0 } });
});

test('events go from ingest through Kinesis to the consumer, and count once', async () => {
  await publish(
    'clicks',
    ['w1', 'w2'].map((event_id) => ({ event_id, user_id: 'u7', at: newer })),
  );
  const event = { Records: await recordsOf(stores.kinesis, madeName) };
  expect(await stream.invoke(event)).toEqual({ batchItemFailures: [] });
  expect(await stream.invoke(event)).toEqual({ batchItemFailures: [] });
  expect(await read('u7', ['clicks_7d'])).toMatchObject({ features: { clicks_7d: 2 } });
});

test('a window as of a moment holds what it holds online', async () => {
  const asOf = (timestamp: string) =>
    post(registry, '/api/v1/features/batch', { entity_ids: ['u4', 'u7'], feature_names: ['clicks_7d'], timestamp });
  const counts = [{ features: { clicks_7d: 2 } }, { features: { clicks_7d: 2 } }];
  expect(JSON.parse((await asOf(at(0))).text)).toMatchObject({ rows: counts });
  const none = [{ features: { clicks_7d: 0 } }, { features: { clicks_7d: 0 } }];
  expect(JSON.parse((await asOf(newer)).text)).toMatchObject({ rows: none });
});

test('what nobody can read goes to the bucket, and counts once it is replayed to the source that it lacked', async () => {
  const events = [{ event_id: 'o1', user_id: 'u8', at: newer }];
  const unknown = kinesisRecord('1003', signed({ tenant: 'acme', source: 'orders', events }));
  const garbage = kinesisRecord('1004', 'no JSON');
  expect(await stream.invoke({ Records: [unknown, garbage] })).toEqual({ batchItemFailures: [] });
  expect(await deadLetters()).toHaveLength(2);

  const source = { name: 'orders', schema: { user_id: 'string', at: 'timestamp' }, event_time: 'at' };
  expect((await post(registry, '/api/v1/stream-sources', source)).status).toBe(201);
  const aggregations = [{ name: 'orders_7d', function: 'count', window: '7d' }];
  const view = { name: 'ordering', entity_type: 'user', source: 'orders', entity_key: 'user_id', aggregations };
  expect((await post(registry, '/api/v1/feature-views', view)).status).toBe(201);
  const replay = await start('replay');
  expect(await replay.invoke({})).toEqual({ replayed: 2, mended: 1, dead: 1, failed: 0, unreadable: 0 });
  expect(await deadLetters()).toHaveLength(1);
  const counted = async () =>
    (await post(online, '/api/v1/features/online', { entity_id: 'u8', feature_names: ['orders_7d'] })).text;
  // Another process knows a new view within a second.
  await expect.poll(counted).toContain('"orders_7d":1');
});

test('the sweep brings to the cache what was written while it was away', async () => {
  const ofNobody = `redis-cluster://127.0.0.1:${await freePort()}`;
  const cut = await start('ingest', { ...stores.environmentOf('ingest'), REDIS_URL: ofNobody });
  const rows = [{ entity_id: 'u1', event_time: at(0.5), values: { age: 32, country: 'FR' } }];
  expect((await post(cut, '/api/v1/features/ingest', { view: 'user_profile', rows })).status).toBe(200);
  expect(await read('u1', ['age'])).toMatchObject({ features: { age: 31 } });
  const sweep = await start('sweep');
  // A young mark is one of a write that is under way.
  const patience = { timeout: 60_000, interval: 500 };
  await expect.poll(() => sweep.invoke({}), patience).toEqual({ projected: 1, republished: 0 });
  expect(await read('u1', ['age'])).toMatchObject({ features: { age: 32 } });
});

test('the consumer of topics takes events and rows of the tenant that they are bound to, and what is signed', async () => {
  const msk = await start('msk');
  const rows = [{ entity_id: 'u6', event_time: newer, values: { age: 66 } }];
  const click = (event_id: string) => JSON.stringify({ event_id, user_id: 'u5', at: newer });
  const event = kafkaEvent({
    'clicks-0': [click('k1'), gzipSync(click('k2')), Buffer.from(click('k3')).toString('base64')],
    'clicks-1': [click('k4'), click('k1')],
    'profiles-0': [JSON.stringify({ entity_id: 'u5', event_time: newer, values: { age: 55, country: 'AT' } })],
    'envelopes-2': [signed({ tenant: 'acme', view: 'user_profile', rows })],
  });
  expect(await msk.invoke(event)).toEqual({ batchItemFailures: [] });
  expect(await msk.invoke(event)).toEqual({ batchItemFailures: [] });
  expect(await read('u5', ['clicks_7d', 'age'])).toMatchObject({ features: { clicks_7d: 4, age: 55 } });
  expect(await read('u6', ['age'])).toMatchObject({ features: { age: 66 } });
});

test('the consumer of topics reports the first record of each partition while Postgres is down', async () => {
  const msk = await start('msk', await stores.environmentWithoutPostgres('msk'));
  const click = (event_id: string) => JSON.stringify({ event_id, user_id: 'u5', at: newer });
  const event = kafkaEvent({ 'clicks-0': [click('d1'), click('d2')], 'clicks-3': [click('d3')] });
  expect(await msk.invoke(event)).toEqual({
    batchItemFailures: [
      { itemIdentifier: { partition: 'clicks-0', offset: 100 } },
      { itemIdentifier: { partition: 'clicks-3', offset: 100 } },
    ],
  });
});

test('the docs come with their script, within the 6 MB that Lambda answers', async () => {
  const document = await call(registry, { method: 'GET', path: '/openapi.json' });
  expect(JSON.parse(document.text)).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) });
  const script = await call(registry, { method: 'GET', path: '/docs/reference.js' });
  expect(script.status).toBe(200);
  expect(Buffer.byteLength(JSON.stringify(script.text))).toBeLessThan(6 * 1024 * 1024);
});

test('each request leaves a line of metrics and a line of the log, and no secret', async () => {
  const lines = online.lines().map((line): unknown => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({
      _aws: expect.objectContaining({
        CloudWatchMetrics: [expect.objectContaining({ Namespace: 'FeatureStore' })],
      }),
      route: 'readOnline',
      feature_store_api_requests_total: 1,
    }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ level: 'info', message: 'request', status: 200 }));
  expect(online.lines().join('\n')).not.toContain(key);
});

test('online starts and answers while Postgres is down', async () => {
  const cut = await start('online', await stores.environmentWithoutPostgres('online'));
  expect(await call(cut, { method: 'GET', path: '/health' })).toMatchObject({ status: 200 });
  const read = await post(cut, '/api/v1/features/online', { entity_id: 'u1', feature_names: ['age'] });
  expect(read.status, read.text).toBe(200);
});

test('a process of online that is kept started connects before its first call, any other at its first need', async () => {
  const connectionsOf = async (type: string): Promise<number> => {
    const named = { PGAPPNAME: type, AWS_LAMBDA_INITIALIZATION_TYPE: type };
    await start('online', { ...stores.environmentOf('online'), ...named });
    return stores.connectionsOf(type);
  };
  expect(await connectionsOf('provisioned-concurrency')).toBe(1);
  expect(await connectionsOf('on-demand')).toBe(0);
});

test('a process of online that is kept started starts while Postgres is down', async () => {
  const cut = await stores.environmentWithoutPostgres('online');
  const kept = await start('online', { ...cut, AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' });
  expect(await call(kept, { method: 'GET', path: '/health' })).toMatchObject({ status: 200 });
});

test('what fails while Postgres and Kinesis are down is counted, by route', async () => {
  const cutOff = async (name: string) => {
    const { POSTGRES_URL = '', ...others } = await stores.environmentWithoutPostgres(name);
    return start(name, { ...others, POSTGRES_URL, AWS_ENDPOINT_URL_KINESIS: POSTGRES_URL.replace(/^\w+/, 'http') });
  };
  const [ofOnline, ofIngest, ofRegistry] = await Promise.all([cutOff('online'), cutOff('ingest'), cutOff('registry')]);
  const nobody = { entity_id: 'nobody-has-read', feature_names: ['age'] };
  const rows = [{ entity_id: 'u1', event_time: newer, values: { age: 1 } }];
  const batch = { entity_ids: ['u1'], feature_names: ['age'], timestamp: newer };
  const answers = await Promise.all([
    post(ofOnline, '/api/v1/features/online', nobody),
    post(ofIngest, '/api/v1/features/ingest', { view: 'user_profile', rows }).then(() =>
      post(ofIngest, '/api/v1/events/clicks', { events: [{ user_id: 'u1', at: newer }] }),
    ),
    post(ofRegistry, '/api/v1/features/batch', batch),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
  // By the map beside the bundle.
  expect(ofOnline.lines().join('\n')).toMatch(/"stack":"[^"]*shared\/online\/[a-z-]+\.ts:\d+/);
});

test('who asks more often than a key may is refused, by any function', async () => {
  const limited = { scopes: ['write'], rate_limit: { requests_per_second: 1, burst: 1 } };
  const made = await post(registry, '/api/v1/api-keys', limited);
  const { key: limitedKey } = z.object({ key: z.string() }).parse(JSON.parse(made.text));
  const asked = { entity_ids: ['u1'], feature_names: ['age'] };
  const rows = [{ entity_id: 'u1', event_time: newer, values: { age: 1 } }];
  const requests: [LambdaProcess, string, object][] = [
    [online, '/api/v1/features/online', asked],
    [registry, '/api/v1/features/batch', { ...asked, timestamp: newer }],
    [ingest, '/api/v1/features/ingest', { view: 'user_profile', rows }],
    [ingest, '/api/v1/events/clicks', { events: [{ user_id: 'u1', at: newer }] }],
  ];
  for (const [lambda, path, body] of requests) {
    const status = async () => (await post(lambda, path, body, limitedKey)).status;
    await expect.poll(status, { interval: 1 }).toBe(429);
  }
});

test('what Lambda cannot carry is refused: its escapes count, so 4 MB of quotes are too much', async () => {
  const names = Array.from({ length: 16 }, (_, index) => `quotes_${index}`);
  const features = names.map((name) => ({ name, dtype: 'string' }));
  await post(registry, '/api/v1/feature-views', { name: 'quotes', entity_type: 'user', features });
  const values = Object.fromEntries(names.map((name) => [name, '"'.repeat(32_000)]));
  for (const entity_id of ['q1', 'q2', 'q3', 'q4']) {
    const rows = [{ entity_id, event_time: newer, values }];
    expect((await post(ingest, '/api/v1/features/ingest', { view: 'quotes', rows })).status).toBe(200);
  }
  const reads = {
    online: (entity_ids: string[]) => post(online, '/api/v1/features/online', { entity_ids, feature_names: names }),
    batch: (entity_ids: string[]) =>
      post(registry, '/api/v1/features/batch', { entity_ids, feature_names: names, timestamp: at(0) }),
  };
  for (const read of Object.values(reads)) {
    const taken = await read(['q1', 'q2', 'q3']);
    expect(taken.status).toBe(200);
    expect(JSON.stringify(taken.text).length).toBeGreaterThan(6_000_000);
    const refused = await read(['q1', 'q2', 'q3', 'q4']);
    expect(refused.status).toBe(413);
    expect(JSON.parse(refused.text).code).toBe('payload_too_large');
  }
});

test('every metric that is written is of the embedded format, and feeds what dashboards and alarms ask for', () => {
  const emitted = new Set(started.flatMap((lambda) => lambda.lines().flatMap(metricsIn)).map(metricKey));
  const asked = [
    ...widgetsOf(assets).flatMap(({ dashboard, title, metrics }) =>
      metrics.map((metric) => ({ by: `${dashboard}: ${title}`, metric })),
    ),
    ...alarmsOf(assets).flatMap(({ AlarmName, metrics }) => metrics.map((metric) => ({ by: AlarmName, metric }))),
  ].filter(({ metric }) => metric.namespace === 'FeatureStore');
  expect(asked.length).toBeGreaterThan(40);
  const unfed = asked.filter(({ metric }) => !emitted.has(metricKey(metric)));
  expect(unfed.map(({ by, metric }) => `${by} asks for ${metricKey(metric)}`)).toEqual([]);
});
