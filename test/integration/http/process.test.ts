import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { type Child, startChild } from '../../support/child-process.ts';
import { freePort } from '../../support/free-port.ts';

const mostBytes = 4 * 1024 * 1024;

let child: Child;
let port: number;

/** The process that `npm start` runs, asked over sockets: what Node's HTTP server adds is in it. */
beforeAll(async () => {
  port = await freePort();
  child = await startChild({
    command: process.execPath,
    args: ['functions/local.ts', '--memory', '--no-seed'],
    readyWhen: /Feature Store is ready/,
    env: { PATH: process.env.PATH, PORT: String(port), LOG_LEVEL: 'info' },
  });
});
afterAll(() => child.end('SIGTERM'));

const send = async (path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { 'x-api-key': 'tenant1_key', ...init.headers } });

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  send(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

const problemSchema = z.looseObject({ status: z.number(), code: z.string() });

async function problemOf(response: Response): Promise<z.infer<typeof problemSchema>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return problemSchema.parse(await response.json());
}

/** What comes back for bytes that no client library would send. */
async function sendRaw(bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.on('error', () => resolve(answer)).on('close', () => resolve(answer));
  socket.write(bytes);
  return promise;
}

const logLineSchema = z.looseObject({
  level: z.string(),
  time: z.iso.datetime(),
  message: z.string(),
  request_id: z.string(),
});

test('a request leaves one JSON line with who, what, how much and how long', async () => {
  const view = {
    name: 'profile',
    entity_type: 'user',
    features: [
      { name: 'a', dtype: 'int64' },
      { name: 'b', dtype: 'int64' },
    ],
  };
  expect((await post('/api/v1/feature-views', view)).status).toBe(201);
  const rows = [{ entity_id: 'u1', event_time: new Date().toISOString(), values: { a: 1 } }];
  expect((await post('/api/v1/features/ingest', { view: 'profile', rows })).status).toBe(200);
  const asked = { entity_ids: ['u1', 'u2'], feature_names: ['a', 'b'] };
  const answer = await post('/api/v1/features/online', asked, { 'x-request-id': 'line-1' });
  expect(answer.status).toBe(200);
  const line = await expect
    .poll(() => linesOf('line-1'), { timeout: 5000 })
    .toHaveLength(1)
    .then(() => linesOf('line-1')[0]);
  expect(line).toMatchObject({
    level: 'info',
    message: 'request',
    request_id: 'line-1',
    tenant: 'tenant1',
    route: 'readOnline',
    entity_count: 2,
    feature_count: 2,
    cache_hits: 1,
    cache_misses: 1,
    status: 200,
    duration_ms: expect.any(Number),
  });
});

function linesOf(requestId: string): z.infer<typeof logLineSchema>[] {
  const lines = child
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(`"${requestId}"`));
  return lines.map((line) => logLineSchema.parse(JSON.parse(line)));
}

const tooMuch = new Uint8Array(mostBytes + 1).fill(0x20);

test.each(['/api/v1/features/online', '/api/v1/features/ingest', '/api/v1/feature-views'])(
  '%s refuses over 4 MiB, announced or not',
  async (path) => {
    expect(await problemOf(await send(path, { method: 'POST', body: tooMuch }))).toMatchObject({
      code: 'payload_too_large',
    });
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(tooMuch.subarray(0, 65_536));
        // Without an end: the answer does not wait for one.
      },
    });
    const chunked = await send(path, { method: 'POST', body, duplex: 'half' });
    expect(await problemOf(chunked)).toMatchObject({ status: 413, code: 'payload_too_large' });
  },
);

const head = 'Host: x\r\nX-API-Key: tenant1_key\r\nConnection: close\r\n';

test.each([
  ['a path that is no UTF-8', `GET /api/v1/feature-views/%FF HTTP/1.1\r\n${head}\r\n`, 400],
  ['a NUL in a path', `GET /api/v1/feature-views/%00 HTTP/1.1\r\n${head}\r\n`, 400],
  ['an unknown method', `FOO /health HTTP/1.1\r\n${head}\r\n`, 400],
  ['TRACE', `TRACE /health HTTP/1.1\r\n${head}\r\n`, 405],
  ['a Host that is none', 'GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
  ['an address that is none', `GET http://[/health HTTP/1.1\r\n${head}\r\n`, 400],
  ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${head}\r\n`, 400],
  ['a negative length', `POST /api/v1/features/online HTTP/1.1\r\n${head}Content-Length: -5\r\n\r\nab`, 400],
  [
    'two lengths',
    `POST /api/v1/features/online HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
    400,
  ],
  [
    'a length and chunks',
    `POST /api/v1/features/online HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['huge headers', `GET /health HTTP/1.1\r\n${head}X-Big: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['no body', `POST /api/v1/features/online HTTP/1.1\r\n${head}\r\n`, 400],
  ['a body with GET', `GET /health HTTP/1.1\r\n${head}Content-Length: 3\r\n\r\nabc`, 200],
  [
    'a body that is announced too large',
    `POST /api/v1/features/online HTTP/1.1\r\n${head}Content-Length: 99999999999\r\n\r\n`,
    413,
  ],
])('%s is answered with %s', async (_, bytes, status) => {
  expect(await sendRaw(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

test('a client that goes away in the middle of its body is no fault in the log', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`POST /api/v1/features/online HTTP/1.1\r\n${head}X-Request-Id: gone-1\r\n`);
  socket.write('Expect: 100-continue\r\nContent-Length: 50\r\n\r\n');
  // It says 100 Continue once the request is under way.
  await once(socket, 'data');
  socket.write('{');
  socket.destroy();
  await expect.poll(() => linesOf('gone-1'), { timeout: 5000 }).toHaveLength(1);
  expect(linesOf('gone-1')).toMatchObject([{ level: 'info', route: 'readOnline', status: 400 }]);
});

test('the reference is served, script and all', async () => {
  expect((await send('/docs')).status).toBe(200);
  const script = await send('/docs/reference.js');
  expect(script.status).toBe(200);
  expect((await script.text()).length).toBeGreaterThan(1_000_000);
});

test('after all of that it is alive and ready', async () => {
  expect((await send('/health/ready')).status).toBe(200);
  expect(child.output()).not.toContain('"level":"error"');
});
