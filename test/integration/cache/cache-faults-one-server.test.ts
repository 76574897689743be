import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { guardCache, type OnlineCache } from '../../../shared/cache/index.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { entity, entry, failureMillis, openCache, readView, timeoutMillis, works } from './cache-faults-setup.ts';

describe('with one server', () => {
  test('a killed server fails calls at once and opens the breaker; back again, it is used within two seconds', async () => {
    const server = await startServer();
    const { cache, isOpen } = guard(openCache(server.url));
    await expect.poll(() => works(cache).then(() => true)).toBe(true);

    await server.kill();
    await openBreaker(cache, isOpen);
    expect(await failureMillis(() => readView(cache))).toBeLessThan(100);
    expect(await failureMillis(() => cache.writeNewest([entry]))).toBeLessThan(100);
    expect(await failureMillis(() => cache.publishEpoch('t_faults', 1))).toBeLessThan(100);
    expect(await failureMillis(() => cache.invalidate('t_faults', 'user', 'one'))).toBeLessThan(100);
    expect(await failureMillis(() => cache.ping())).toBeLessThan(100);

    await server.start();
    await expect
      .poll(
        () =>
          works(cache).then(
            () => true,
            () => false,
          ),
        { timeout: 2000 },
      )
      .toBe(true);
    expect(isOpen()).toBe(false);
  });

  test('what was being asked when the server died fails before its time-out', async () => {
    const server = await startServer();
    const cache = openCache(server.url);
    await works(cache);
    server.pause();
    const asked = failureMillis(() => readView(cache));
    await server.kill();
    expect(await asked).toBeLessThan(1000);
  });

  test('a frozen server costs the time-out until the breaker opens, then nothing; thawed, it is used again', async () => {
    const server = await startServer();
    const { cache, isOpen, tries } = guard(openCache(server.url, { timeoutMillis }));
    await works(cache);

    server.pause();
    expect(await failureMillis(() => readView(cache))).toBeGreaterThanOrEqual(timeoutMillis - 5);
    await Promise.all(Array.from({ length: 4 }, () => failureMillis(() => readView(cache))));
    expect(isOpen()).toBe(true);
    let slowest = 0;
    const triesAfterReading = async (): Promise<number> => {
      slowest = Math.max(slowest, await failureMillis(() => readView(cache)));
      return tries();
    };
    await expect.poll(triesAfterReading, { timeout: 5000, interval: 10 }).toBeGreaterThan(2);
    expect(slowest).toBeLessThan(100);

    server.resume();
    await expect
      .poll(
        () =>
          works(cache).then(
            () => true,
            () => false,
          ),
        { timeout: 2000 },
      )
      .toBe(true);
    expect(isOpen()).toBe(false);
  });

  test('a server that stays frozen loses its connection, and is connected to again when it thaws', async () => {
    const server = await startServer();
    const cache = openCache(server.url, { timeoutMillis });
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    await works(cache);
    const connectionIds = async (): Promise<string[]> =>
      String(await admin.call('CLIENT', 'LIST')).match(/(?<=^id=)\d+/gm) ?? [];
    const before = await connectionIds();

    server.pause();
    await failureMillis(() => readView(cache));
    // Without a connection a call fails at once, with a frozen one after its time-out.
    await expect.poll(() => failureMillis(() => readView(cache)), { timeout: 5000, interval: 10 }).toBeLessThan(100);

    server.resume();
    await expect
      .poll(
        () =>
          works(cache).then(
            () => true,
            () => false,
          ),
        { timeout: 4000 },
      )
      .toBe(true);
    expect(await connectionIds()).not.toEqual(before);
  });

  test('a server that comes up only later is found, and its absence throws nothing', async () => {
    const server = await startServer();
    await server.kill();
    const errors: unknown[] = [];
    const cache = openCache(server.url, { onConnectionError: (error) => errors.push(error) });
    expect(await failureMillis(() => readView(cache))).toBeLessThan(1000);
    await expect.poll(() => errors.length).toBeGreaterThan(1);
    await server.start();
    await expect
      .poll(
        () =>
          works(cache).then(
            () => true,
            () => false,
          ),
        { timeout: 2000 },
      )
      .toBe(true);
  });

  test('the first call waits for the connection', async () => {
    const server = await startServer();
    await works(openCache(server.url));
    await works(openCache(server.url, { maxConnections: 4 }));
  });

  test('a server that forgot the scripts is told them again', async () => {
    const server = await startServer();
    const cache = openCache(server.url);
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const entries = Array.from({ length: 250 }, (_, index) => ({ ...entry, entityId: `user_${index}` }));
    const reads = entries.map(({ entityId }) => ({ ...entity, entityId, fields: ['view'] }));
    const expected = entries.map(({ stored }) => [stored]);

    await cache.writeNewest(entries);
    await admin.script('FLUSH');
    await admin.flushall();
    await cache.writeNewest(entries);
    expect((await cache.read(reads, [])).reads).toEqual(expected);
    await cache.publishEpoch('t_faults', 5);
    await admin.script('FLUSH');
    await cache.publishEpoch('t_faults', 6);
    expect((await cache.read([], [{ kind: 'epoch', tenantId: 't_faults' }])).along).toEqual([6]);

    await server.kill();
    await server.start();
    await expect
      .poll(
        () =>
          cache.writeNewest(entries).then(
            () => true,
            () => false,
          ),
        { timeout: 2000 },
      )
      .toBe(true);
    expect((await cache.read(reads, [])).reads).toEqual(expected);
  });

  test('an answer of Redis that is an error is a failure of the cache, and a broken row heals', async () => {
    const server = await startServer();
    const cache = openCache(server.url);
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const key = 'fs1:{t_faults:user:one}';
    await admin.set(key, 'not a hash');
    await failureMillis(() => readView(cache));
    await failureMillis(() => cache.writeNewest([entry]));
    await admin.del(key);
    await admin.hset(key, 'view', 'not a row');
    await works(cache);
  });

  test('a closed cache fails', async () => {
    const server = await startServer();
    const cache = openCache(server.url);
    await works(cache);
    await cache.close();
    await failureMillis(() => readView(cache));
    await failureMillis(() => cache.ping());
  });
});

async function openBreaker(cache: OnlineCache, isOpen: () => boolean): Promise<void> {
  for (let failures = 0; failures < 5; failures += 1) {
    expect(isOpen()).toBe(false);
    await failureMillis(() => readView(cache));
  }
  expect(isOpen()).toBe(true);
}

/** Behind a breaker, with what can be seen of it: whether it is open, and how often it tried to close. */
function guard(cache: OnlineCache): { cache: OnlineCache; isOpen: () => boolean; tries: () => number } {
  let open = false;
  let pings = 0;
  const ping = (): Promise<void> => {
    pings += 1;
    return cache.ping();
  };
  const onChange = (isOpen: boolean): void => {
    open = isOpen;
  };
  return { cache: guardCache({ ...cache, ping }, { onChange }), isOpen: () => open, tries: () => pings };
}

async function startServer(): Promise<RedisServer> {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server;
}
