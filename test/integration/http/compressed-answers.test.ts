import { once } from 'node:events';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createAdaptorServer } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { answerGateway } from '../../../functions/http/answer-gateway.ts';
import { listen } from '../../../functions/local/listen.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';

const online = '/api/v1/features/online';
const many = 300;
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);
const numbers = Array.from({ length: 60 }, (_, index) => `number_${index}`);
const large = { entity_ids: ids(many), feature_names: numbers };
const small = { entity_ids: ids(20), feature_names: numbers };

let store: TestFeatureStore;
/** What is answered to a client that takes nothing compressed. */
let plain: Uint8Array;
beforeAll(async () => {
  store = await createFeatureStore();
  const event_time = new Date(Date.now() - 60_000).toISOString();
  const write = async (view: string, rows: readonly object[]): Promise<void> => {
    expect((await store.post('/api/v1/features/ingest', { view, rows })).status).toBe(200);
  };
  const features = numbers.map((name) => ({ name, dtype: 'float64' }));
  await store.post('/api/v1/feature-views', { name: 'numbers', entity_type: 'user', features });
  await write(
    'numbers',
    ids(many).map((entity_id, row) => ({
      entity_id,
      event_time,
      values: Object.fromEntries(numbers.map((name, place) => [name, row + place / 7])),
    })),
  );
  const noise = { name: 'noise', entity_type: 'user', features: [{ name: 'noise', dtype: 'bytes' }] };
  await store.post('/api/v1/feature-views', noise);
  await write(
    'noise',
    ids(20).map((entity_id) => ({
      entity_id,
      event_time,
      values: { noise: Buffer.from(crypto.getRandomValues(new Uint8Array(20_000))).toString('base64') },
    })),
  );
  plain = (await ask(large)).bytes;
});
afterAll(() => store.close());

async function ask(body: unknown, acceptEncoding?: string) {
  const response = await store.app.hono.request(online, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'x-api-key': store.tenant.key,
      ...(acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding }),
    },
  });
  const { status, headers } = response;
  return {
    status,
    type: headers.get('content-type'),
    encoding: headers.get('content-encoding'),
    vary: headers.get('vary'),
    bytes: new Uint8Array(await response.arrayBuffer()),
  };
}

test.each([
  ['gzip', 'gzip'],
  ['gzip, deflate', 'gzip'],
  ['br', 'br'],
  ['gzip, deflate, br, zstd', 'br'],
  ['GZIP;q=0.5, br;q=0', 'gzip'],
  ['deflate , br ; q=1.0', 'br'],
])('a large answer to `accept-encoding: %s` is %s, and the same after it', async (accepted, encoding) => {
  const answer = await ask(large, accepted);
  expect(answer).toMatchObject({ status: 200, type: 'application/json', vary: 'accept-encoding', encoding });
  expect(answer.bytes.length).toBeLessThan(plain.length / 2);
  const unpacked = encoding === 'br' ? brotliDecompressSync(answer.bytes) : gunzipSync(answer.bytes);
  expect(Buffer.compare(unpacked, plain)).toBe(0);
});

test.each([undefined, '', 'identity', 'deflate', 'gzip;q=0', 'br;q=0.000, *;q=0', 'xgzip'])(
  'a large answer to `accept-encoding: %s` is as it is',
  async (accepted) => {
    const answer = await ask(large, accepted);
    expect(answer).toMatchObject({ status: 200, vary: 'accept-encoding', encoding: null });
    expect(Buffer.compare(answer.bytes, plain)).toBe(0);
  },
);

test('answers of the usual size and problems are not compressed', async () => {
  for (const [status, body] of [
    [200, small],
    [404, { ...large, feature_names: ['nothing'] }],
  ] as const) {
    expect(await ask(body, 'gzip, br')).toMatchObject({ status, vary: null, encoding: null });
  }
});

test('an answer that hardly becomes smaller is not compressed', async () => {
  const answer = await ask({ entity_ids: ids(20), feature_names: ['noise'] }, 'gzip, br');
  expect(answer.bytes.length).toBeGreaterThan(500_000);
  expect(answer).toMatchObject({ status: 200, vary: 'accept-encoding', encoding: null });
});

test('over HTTP a client reads it without knowing', async () => {
  const server = createAdaptorServer({ fetch: store.app.hono.fetch });
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    server.close();
    await once(server, 'close');
  });
  const response = await fetch(`http://127.0.0.1:${port}${online}`, {
    method: 'POST',
    body: JSON.stringify(large),
    headers: { 'x-api-key': store.tenant.key, connection: 'close' },
  });
  expect(response.headers.get('content-encoding')).toMatch(/^(gzip|br)$/);
  expect(Number(response.headers.get('content-length'))).toBeLessThan(plain.length / 2);
  expect(Buffer.compare(new Uint8Array(await response.arrayBuffer()), plain)).toBe(0);
});

test('HEAD has the headers of GET and no body', async () => {
  for (const name of ids(16).map((id) => `wide_${id}`)) {
    const description = 'what it counts, '.repeat(20);
    const features = ids(50).map((id) => ({ name: `${name}_${id}`, dtype: 'float64', description }));
    expect((await store.post('/api/v1/feature-views', { name, entity_type: 'user', features })).status).toBe(201);
  }
  const list = async (method: string) => {
    const headers = { 'x-api-key': store.tenant.key, 'accept-encoding': 'gzip' };
    const response = await store.app.hono.request('/api/v1/features?limit=1000', { method, headers });
    return { encoding: response.headers.get('content-encoding'), length: (await response.arrayBuffer()).byteLength };
  };
  expect(await list('GET')).toEqual({ encoding: 'gzip', length: expect.any(Number) });
  expect(await list('HEAD')).toEqual({ encoding: 'gzip', length: 0 });
});

describe('on Lambda', () => {
  const reply = z.object({
    statusCode: z.literal(200),
    isBase64Encoded: z.boolean(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  });
  const invoke = async (acceptEncoding: string) => {
    const answer = answerGateway(store.app);
    const event = gatewayEvent({
      method: 'POST',
      path: online,
      key: store.tenant.key,
      body: large,
      headers: { 'accept-encoding': acceptEncoding },
    });
    return reply.parse(await answer(event));
  };

  test('a compressed answer is base64, which the gateway decodes', async () => {
    const { isBase64Encoded, headers, body } = await invoke('gzip');
    expect(isBase64Encoded).toBe(true);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(body.length).toBeLessThan(plain.length / 2);
    expect(Buffer.compare(gunzipSync(Buffer.from(body, 'base64')), plain)).toBe(0);
  });

  test('an answer that is not is text', async () => {
    const { isBase64Encoded, headers, body } = await invoke('identity');
    expect(isBase64Encoded).toBe(false);
    expect(headers['content-encoding']).toBeUndefined();
    expect(body).toBe(Buffer.from(plain).toString());
  });
});
