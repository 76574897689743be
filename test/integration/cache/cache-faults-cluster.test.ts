import { Redis } from 'ioredis';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';
import { entity, entry, failureMillis, openCache, timeoutMillis } from './cache-faults-setup.ts';

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
