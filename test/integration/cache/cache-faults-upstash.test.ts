import { createServer, type RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createUpstashCache, type OnlineCache, type UpstashCacheOptions } from '../../../shared/cache/index.ts';
import { freePort } from '../../support/free-port.ts';
import { startRedis } from '../../support/redis.ts';
import { listen, startUpstash } from '../../support/upstash.ts';
import { entity, entry, failureMillis, readView, timeoutMillis, works } from './cache-faults-setup.ts';

const token = 'a-token-that-nobody-should-see';

function openCache(url: string, options: Partial<UpstashCacheOptions> = {}): OnlineCache {
  const cache = createUpstashCache({ url, token, ttlSeconds: 600, generation: 1, timeoutMillis: 5000, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

/** An HTTP server that answers as the test has it. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

const answering = (status: number, body: string): Promise<string> =>
  serve((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(body));
  });

async function messageOf(work: () => Promise<unknown>): Promise<string> {
  const error: unknown = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : 'no failure';
}

describe.each([
  ['a wrong token', 401, '{"error":"WRONGPASS invalid or missing auth token"}', /: WRONGPASS/],
  ['a plan that is used up', 429, '{"error":"ERR max daily request limit exceeded"}', /: ERR max daily/],
  ['a request that is too large', 400, '{"error":"ERR max request size exceeded"}', /: ERR max request size/],
  ['a fault', 500, '{"error":"ERR internal"}', /: ERR internal/],
  ['a fault of a proxy', 502, '<html>Bad gateway: secret</html>', /something else than the results/],
  ['another address', 307, '', /something else than the results/],
  ['no JSON', 200, '<html>secret</html>', /something else than the results/],
  ['JSON that was cut off', 200, '[{"result":["secret', /something else than the results/],
  ['no list', 200, '{"result":"secret"}', /something else than the results/],
  ['results of fewer commands', 200, '[]', /something else than the results/],
  ['a result that is none', 200, '["secret"]', /something else than the result of a command/],
  ['an error of Redis', 200, '[{"error":"WRONGTYPE wrong kind of value"}]', /^WRONGTYPE wrong kind of value$/],
])('an answer of %s', (_, status, body, expected) => {
  test('is a failure of the cache that says what it was, and repeats no value and no token', async () => {
    const cache = openCache(await answering(status, body));
    const calls = [
      () => readView(cache),
      () => cache.writeNewest([entry]),
      () => cache.invalidate('t_faults', 'user', 'one'),
      () => cache.publishEpoch('t_faults', 1),
      () => cache.ping(),
    ];
    for (const call of calls) {
      await failureMillis(call);
      const message = await messageOf(call);
      expect(message).toMatch(expected);
      expect(message).not.toMatch(/secret|token-that/);
      expect(message).not.toContain(entry.stored);
    }
  });
});

test('a list of texts that is none is a failure of the cache', async () => {
  const cache = openCache(await answering(200, '[{"result":7}]'));
  await failureMillis(() => readView(cache));
});

test('a server that is not there fails calls at once', async () => {
  const cache = openCache(`http://127.0.0.1:${await freePort()}`);
  expect(await failureMillis(() => readView(cache))).toBeLessThan(1000);
  expect(await failureMillis(() => cache.writeNewest([entry]))).toBeLessThan(1000);
  expect(await failureMillis(() => cache.ping())).toBeLessThan(1000);
});

test('a name that nobody has fails', async () => {
  await failureMillis(() => readView(openCache('http://upstash.invalid')));
});

describe('a server that hangs', () => {
  test.each<[string, RequestListener]>([
    ['before it answers', () => {}],
    ['after the head of its answer', (_, response) => response.writeHead(200).flushHeaders()],
    ['in the middle of its answer', (_, response) => response.writeHead(200).write('[{"result":')],
  ])('%s costs the time-out, and the connection is given up', async (_, listener) => {
    let closed = 0;
    const url = await serve((request, response) => {
      request.socket.once('close', () => {
        closed += 1;
      });
      listener(request, response);
    });
    const cache = openCache(url, { timeoutMillis });
    const millis = await failureMillis(() => readView(cache));
    expect(millis).toBeGreaterThanOrEqual(timeoutMillis - 5);
    expect(millis).toBeLessThan(timeoutMillis + 500);
    await expect.poll(() => closed).toBeGreaterThanOrEqual(2);
  });
});

describe('a server that breaks connections', () => {
  test('in the middle of an answer fails the call before its time-out', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('[{"result":', () => response.destroy());
    });
    expect(await failureMillis(() => readView(openCache(url)))).toBeLessThan(2000);
  });

  test('before any answer fails the call, which is not made again', async () => {
    let requests = 0;
    const url = await serve((request) => {
      requests += 1;
      request.socket.destroy();
    });
    const cache = openCache(url);
    await failureMillis(() => cache.ping());
    requests = 0;
    await failureMillis(() => readView(cache));
    expect(requests).toBe(1);
  });

  test('that lay idle, as while a function was frozen, costs no call', async () => {
    const asked = new WeakSet<object>();
    let broken = 0;
    const url = await serve((request, response) => {
      if (asked.has(request.socket)) {
        broken += 1;
        request.socket.resetAndDestroy();
        return;
      }
      asked.add(request.socket);
      request.resume().on('end', () => response.end('[{"result":["[5,6]"]}]'));
    });
    const cache = openCache(url);
    for (let read = 0; read < 5; read += 1) expect(await readView(cache)).toBe('[5,6]');
    expect(broken).toBeGreaterThan(0);
  });
});

test('what a replica said of its state is sent back to it, so that a process reads what it wrote', async () => {
  const sent: unknown[] = [];
  const url = await serve((request, response) => {
    sent.push(request.headers['upstash-sync-token']);
    request
      .resume()
      .on('end', () => response.writeHead(200, { 'upstash-sync-token': 'seen' }).end('[{"result":["[5,6]"]}]'));
  });
  const cache = openCache(url);
  await cache.ping();
  await readView(cache);
  expect([sent[0], sent.at(-1)]).toEqual(['', 'seen']);
});

test('a Redis that was away behind it is used again at once', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const server = await startUpstash(redis.url);
  onTestFinished(() => server.stop());
  const cache = openCache(server.url, { token: server.token });
  await works(cache);
  await redis.kill();
  await redis.start();
  await expect
    .poll(
      () =>
        works(cache).then(
          () => true,
          () => false,
        ),
      { timeout: 5000 },
    )
    .toBe(true);
  await cache.close();
  await failureMillis(() => readView(cache));
  await failureMillis(() => cache.ping());
  expect(await cache.read([{ ...entity, fields: [] }], [])).toEqual({ reads: [[]], along: [] });
});
