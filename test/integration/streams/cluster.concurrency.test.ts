import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRespCache, guardCache } from '../../../shared/cache/index.ts';
import type { AppliedEvents } from '../../../shared/stream/index.ts';
import { type RedisCluster, startRedisCluster } from '../../support/redis-cluster.ts';
import { createStreamWorld, day, hour, incoming, minute, noon, type StreamWorld } from './stream-world.ts';

/** One of its own, of which it wipes a node. */
let cluster: RedisCluster;
let world: StreamWorld;
beforeAll(async () => {
  cluster = await startRedisCluster();
  const settings = { url: cluster.url, ttlSeconds: 3600, generation: 1, timeoutMillis: 1000 };
  world = await createStreamWorld({ replace: { cache: guardCache(createRespCache(settings)) } });
});
afterAll(async () => {
  await world?.store.close();
  await cluster?.stop();
});

/** Of all three nodes. */
const users = Array.from({ length: 60 }, (_, number) => `user${number}`);

async function registerTotals(): Promise<string> {
  return world.view([
    { name: 'day', function: 'sum', field: 'amount', window: '24h' },
    { name: 'week', function: 'count', window: '7d' },
    { name: 'ever', function: 'count_distinct', field: 'shop' },
  ]);
}

/** Two processes that get the same events of all users at once, one of them in the other order. */
async function applyTwice(prefix: string, ago: number): Promise<AppliedEvents[]> {
  const { ctx } = world.store.tenant;
  const events = users.map((user, place) =>
    incoming([`${prefix}-${place}`, noon - ago, { user_id: `${prefix}${user}`, amount: place + 1, shop: place }], noon),
  );
  return Promise.all([
    world.applier()(ctx, world.source, events),
    world.applier()(ctx, world.source, events.toReversed()),
  ]);
}

async function readAll(view: string, prefix: string): Promise<unknown[]> {
  const feature_names = ['day', 'week', 'ever'].map((name) => `${view}:${name}`);
  const entity_ids = users.map((user) => `${prefix}${user}`);
  const { json, text } = await world.store.post('/api/v1/features/online', { entity_ids, feature_names });
  expect(json.rows, text).toBeDefined();
  return json.rows.map(({ values }: { values: unknown[] }) => values);
}

test('windows of entities on all nodes of a cluster are projected, read and slid, and duplicates change nothing', async () => {
  const view = await registerTotals();
  world.clock.set(noon);
  const expected = users.map((_, place) => [place + 1, 1, 1]);
  const applied = await applyTwice('slid', minute);
  expect(applied.map(({ rejected, isProjected }) => [rejected, isProjected])).toEqual([
    [[], true],
    [[], true],
  ]);
  for (let time = 0; time < 2; time++) expect(await readAll(view, 'slid')).toEqual(expected);
  await applyTwice('slid', minute);
  expect(await readAll(view, 'slid')).toEqual(expected);
  world.clock.set(noon + day + hour);
  expect(await readAll(view, 'slid')).toEqual(users.map(() => [null, 1, 1]));
});

test('a node of the cluster that lost what it had is filled again by the next read', async () => {
  const view = await registerTotals();
  world.clock.set(noon);
  await applyTwice('lost', 3 * day);
  await applyTwice('other', minute);
  const expected = users.map(() => [null, 1, 1]);
  expect(await readAll(view, 'lost')).toEqual(expected);
  const node = new Redis(cluster.nodes[0]?.url ?? '');
  await node.flushall();
  node.disconnect();
  for (let time = 0; time < 2; time++) expect(await readAll(view, 'lost')).toEqual(expected);
  const { ctx } = world.store.tenant;
  const late = users.map((user) =>
    incoming([`late-${user}`, noon - day / 2, { user_id: `lost${user}`, amount: 7 }], noon),
  );
  expect(await world.applier()(ctx, world.source, late)).toMatchObject({ accepted: users.length, isProjected: true });
  expect(await readAll(view, 'lost')).toEqual(users.map(() => [7, 2, 1]));
});
