import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBody } from '../../../functions/http/parse-request.ts';
import { FeatureStoreError } from '../../../shared/contract/errors.ts';

/** What the server has made of each body, in turn. */
const read: PromiseWithResolvers<unknown>[] = [];
const app = new Hono();
let server: Server;
let port: number;

beforeAll(async () => {
  app.post('/', async (c) => {
    const body = await readBody(c, 4).catch((error: unknown) =>
      error instanceof FeatureStoreError ? error.code : error,
    );
    read.shift()?.resolve(body);
    return c.json({ body });
  });
  server = createServer(getRequestListener(app.fetch));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

/** Sends the parts one after the other, with an announced length or in chunks. */
async function post(parts: readonly (string | Uint8Array)[], length?: number): Promise<unknown> {
  const headers = length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(length) };
  const sent = request({ port, method: 'POST', path: '/', headers });
  sent.flushHeaders();
  for (const part of parts) await new Promise((resolve) => sent.write(part, resolve));
  sent.end();
  const [answer] = await once(sent, 'response');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return JSON.parse(text).body;
}

describe("a body that Node's server hands over", () => {
  test('is read as text up to its limit, announced or in chunks', async () => {
    expect(await post(['abcd'], 4)).toBe('abcd');
    expect(await post(['ab', 'cd'])).toBe('abcd');
    expect(await post(['ab', 'c', 'd'], 4)).toBe('abcd');
    expect(await post([], 0)).toBe('');
    expect(await post([])).toBe('');
    expect(await post([Buffer.from('\u{1f4a5}').subarray(0, 1), Buffer.from('\u{1f4a5}').subarray(1)])).toBe(
      '\u{1f4a5}',
    );
    expect(await post(['\ufeffa'], 4)).toBe('a');
  });

  test('is refused over its limit, and the connection has its answer', async () => {
    expect(await post(['abcde'], 5)).toBe('payload_too_large');
    expect(await post(['ab', 'cde', 'f'.repeat(100_000)])).toBe('payload_too_large');
  });

  test('is refused where it is no UTF-8', async () => {
    expect(await post([new Uint8Array([0xff])], 1)).toBe('invalid_request');
    // A character of four bytes without its last: three bytes, as what a lenient decoder would put there.
    expect(await post([Buffer.from('\u{1f4a5}').subarray(0, 3)], 3)).toBe('invalid_request');
  });

  test('is refused where the connection breaks off in the middle', async () => {
    const outcome = Promise.withResolvers<unknown>();
    read.push(outcome);
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab', resolve));
    socket.destroy();
    expect(await outcome.promise).toBe('invalid_request');
  });
});

test('a body that the gateway hands over is read as text up to its limit, as it is or as base64', async () => {
  const send = async (body: string | undefined, isBase64Encoded = false): Promise<unknown> => {
    const response = await app.request('/', { method: 'POST' }, { event: { body, isBase64Encoded } });
    return JSON.parse(await response.text()).body;
  };
  expect(await send('abcd')).toBe('abcd');
  expect(await send(undefined)).toBe('');
  expect(await send(Buffer.from('ab').toString('base64'), true)).toBe('ab');
  expect(await send('abcde')).toBe('payload_too_large');
  expect(await send(Buffer.from([0xff]).toString('base64'), true)).toBe('invalid_request');
});
