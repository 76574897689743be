import { Redis } from 'ioredis';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createRespCache, guardCache, type OnlineCache, type RespCacheOptions } from '../../../shared/cache/index.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';

const entity = { tenantId: 't_faults', entityType: 'user', entityId: 'one' };
const entry = { ...entity, field: 'view', stored: '[5,6,1,"a"]' };

/** Of the caches that meet a frozen server. The others have long, for a busy machine: not that is tested there. */
const timeoutMillis = 250;

const readView = async (cache: OnlineCache): Promise<string | null | undefined> =>
  (await cache.read([{ ...entity, fields: ['view'] }], [])).reads[0]?.[0];

const works = async (cache: OnlineCache): Promise<void> => {
  await cache.writeNewest([entry]);
  expect(await readView(cache)).toBe(entry.stored);
};

/** The milliseconds that it takes to fail as it should. */
async function failureMillis(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const error: unknown = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ dependency: 'cache', cause: expect.any(Error) });
  return performance.now() - start;
}

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

function openCache(url: string, options: Partial<RespCacheOptions> = {}): OnlineCache {
  const cache = createRespCache({ url, ttlSeconds: 600, generation: 1, timeoutMillis: 5000, ...options });
  onTestFinished(() => cache.close());
  return cache;
}

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

describe('with a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    return () => cluster.stop();
  });

  const ids = Array.from({ length: 200 }, (_, index) => `user_${index}`);
  const entries = ids.map((entityId) => ({ ...entry, entityId }));
  const reads = ids.map((entityId) => ({ ...entity, entityId, fields: ['view'] }));
  const expected = ids.map(() => [entry.stored]);

  test('slots that move to another node are followed, also while they move', async () => {
    const cache = openCache(cluster.url);
    await cache.writeNewest(entries);
    const [from, to] = cluster.nodes.map(({ url }) => new Redis(url));
    onTestFinished(() => {
      from?.disconnect();
      to?.disconnect();
    });
    if (from === undefined || to === undefined) throw new Error('A cluster has several nodes');
    const slots = Array.from({ length: 2000 }, (_, slot) => slot);

    await moveKeys(from, to, slots);
    expect((await cache.read(reads, [])).reads).toEqual(expected);
    const newer = '[6,6,1,"b"]';
    await cache.writeNewest(entries.map((each) => ({ ...each, stored: newer })));
    await handOver(from, to, slots);
    expect((await cache.read(reads, [])).reads).toEqual(ids.map(() => [newer]));
    const newest = '[7,6,1,"c"]';
    await cache.writeNewest(entries.map((each) => ({ ...each, stored: newest })));

    await moveKeys(to, from, slots);
    await handOver(to, from, slots);
    for (const read of reads) expect((await cache.read([read], [])).reads).toEqual([[newest]]);
  });

  test('nodes that forgot the scripts are told them again', async () => {
    const cache = openCache(cluster.url);
    await cache.writeNewest(entries);
    const [node] = cluster.nodes.map(({ url }) => new Redis(url));
    onTestFinished(() => node?.disconnect());
    await node?.script('FLUSH');
    await cache.writeNewest(entries);
    await node?.script('FLUSH');
    await cache.publishEpoch('t_faults', 5);
  });

  test('a frozen node costs the time-out; thawed, all answer again', async () => {
    const cache = openCache(cluster.url, { timeoutMillis });
    await cache.writeNewest(entries);
    cluster.nodes[1]?.pause();
    expect(await failureMillis(() => cache.read(reads, []))).toBeLessThan(timeoutMillis + 200);
    await failureMillis(() => cache.ping());
    cluster.nodes[1]?.resume();
    await expect
      .poll(
        () =>
          cache.read(reads, []).then(
            () => true,
            () => false,
          ),
        { timeout: 2000 },
      )
      .toBe(true);
  });

  test('dead nodes fail calls at once; back again as a cluster, they are used again', async () => {
    const cache = openCache(cluster.url);
    await cache.writeNewest(entries);
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await expect.poll(() => failureMillis(() => cache.read(reads, []))).toBeLessThan(100);
    await failureMillis(() => cache.writeNewest(entries));
    await failureMillis(() => cache.ping());

    // Redis itself takes two seconds to call it a cluster again.
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await expect
      .poll(
        () =>
          cache.writeNewest(entries).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    expect((await cache.read(reads, [])).reads).toEqual(expected);
  });
});

/** The first half of a resharding: the keys are at the new node, the slots still belong to the old. */
async function moveKeys(from: Redis, to: Redis, slots: readonly number[]): Promise<void> {
  const [fromId, toId] = await Promise.all([from.cluster('MYID'), to.cluster('MYID')]);
  const { host = '127.0.0.1', port = 6379 } = to.options;
  for (const slot of slots) {
    const keys = await from.cluster('GETKEYSINSLOT', slot, 1000);
    if (keys.length === 0) continue;
    await to.cluster('SETSLOT', slot, 'IMPORTING', String(fromId));
    await from.cluster('SETSLOT', slot, 'MIGRATING', String(toId));
    await from.call('MIGRATE', host, port, '', 0, 5000, 'KEYS', ...keys.map(String));
  }
}

async function handOver(from: Redis, to: Redis, slots: readonly number[]): Promise<void> {
  const toId = String(await to.cluster('MYID'));
  for (const slot of slots) {
    await to.cluster('SETSLOT', slot, 'NODE', toId);
    await from.cluster('SETSLOT', slot, 'NODE', toId);
  }
}
