import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { Ended, endingAt } from '../storage/storage-setup.ts';
import { backfillNow, expectSame } from './backfill-setup.ts';
import { createStreamWorld, day, type EventGiven, hour, minute, noon, type StreamWorld } from './stream-world.ts';

const aggregations = [
  { name: 'n_15m', function: 'count', window: '15m' },
  { name: 'sum_24h', function: 'sum', field: 'amount', window: '24h' },
  { name: 'min_7d', function: 'min', field: 'amount', window: '7d' },
  { name: 'std_30d', function: 'stddev', field: 'amount', window: '30d' },
  { name: 'last_7d', function: 'last_k', field: 'country', window: '7d', k: 3 },
  { name: 'countries', function: 'count_distinct', field: 'country', window: '30d' },
  { name: 'top', function: 'top_k', field: 'country', k: 2 },
  { name: 'n_ever', function: 'count' },
  { name: 'sum_ever', function: 'sum', field: 'shop' },
];
const names = aggregations.map(({ name }) => name);
const users = ['u0', 'u1', 'u2', 'u3', 'ü\u{1F600}'];
const moments = [noon, noon - hour, noon - 3 * day + 7 * minute, noon - 40 * day];

let world: StreamWorld;
let ids = 0;
beforeAll(async () => {
  world = await createStreamWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

/** Events of three months, neither in the order of time nor of ids, some without an amount or a user. */
function someEvents(count: number): EventGiven[] {
  return Array.from({ length: count }, () => {
    const id = ++ids;
    const ago = ((id * 7919) % 85_000) * minute * (id % 3 === 0 ? 0.01 : 1);
    const fields = {
      user_id: id % 17 === 0 ? null : users[id % users.length],
      amount: id % 5 === 0 ? null : (id % 40) / 4,
      shop: id % 11,
      country: id % 7 === 0 ? null : ['at', 'be', 'ch', 'de'][id % 4],
    };
    return [`e${(id * 104_729) % 1_000_003}`, Math.floor(noon - ago), fields];
  });
}

async function newSource(): Promise<string> {
  const source = `source${++ids}`;
  await world.addSource(source);
  return source;
}

async function viewOf(source: string): Promise<string> {
  return world.view(aggregations, { source, where: 'shop > 0', ttl_hours: 2000 });
}

test('a view over a source with events answers as one that was there before them', async () => {
  const source = await newSource();
  const before = await viewOf(source);
  await world.sendTo(source, ...someEvents(600));
  const after = await viewOf(source);
  await world.sendTo(source, ...someEvents(50));
  expect(await backfillNow(world)).toMatchObject({ events: 600, finished: 1, remaining: 0 });
  await world.sendTo(source, ...someEvents(50));
  await expectSame(world, [after, before], names, { entity_ids: users, moments });
  expect(await backfillNow(world)).toMatchObject({ events: 0, finished: 0, remaining: 0 });
});

test('what the cache had of an entity before the backfill is read anew', async () => {
  const source = await newSource();
  const before = await viewOf(source);
  await world.sendTo(source, ...someEvents(100));
  const after = await viewOf(source);
  await world.sendTo(source, ...someEvents(10));
  for (const user of users) await world.online(user, `${after}:n_ever`);
  await backfillNow(world);
  await expectSame(world, [after, before], names, { entity_ids: users, moments: [noon] });
});

test('ended at any statement, run again and again, it counts each event once', async () => {
  const source = await newSource();
  const before = await viewOf(source);
  await world.sendTo(source, ...someEvents(120));
  const measured = await viewOf(source);
  const whole = endingAt(world.store.databases.owner, Number.POSITIVE_INFINITY);
  await backfillNow(world, whole.database);
  expect(whole.count()).toBeGreaterThan(20);
  const after = await viewOf(source);
  // Each run gets one statement further than the one before.
  let isOver = false;
  for (let statement = 1; !isOver; statement++) {
    const { database } = endingAt(world.store.databases.owner, statement);
    try {
      const { remaining } = await backfillNow(world, database);
      isOver = remaining === 0;
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
    }
    expect(statement).toBeLessThan(2 * whole.count());
  }
  await expectSame(world, [after, before], names, { entity_ids: users, moments });
  await expectSame(world, [measured, before], names, { entity_ids: users, moments: [noon] });
});

test('events are read by the index that their view’s key has, on every part of the source', async () => {
  const source = await newSource();
  await world.view(aggregations, { source });
  await world.sendTo(source, ...someEvents(50));
  const other = await world.view([{ name: 'n', function: 'count' }], {
    source,
    entity_key: 'shop',
    entity_type: 'shop',
  });
  await backfillNow(world);
  await world.sendTo(source, ['later', noon - 89 * day, {}]);
  const { databases, tenant } = world.store;
  const found = await databases.admin.rows<{ valid: boolean; keys: number }>({
    name: 'indexes',
    text: `
      SELECT bool_and(indisvalid) AS valid, count(*)::int4 AS keys FROM pg_index
      WHERE pg_get_indexdef(indexrelid) ~ 'shop' AND pg_get_indexdef(indexrelid) ~ 'event_time' AND indrelid IN (
        SELECT oid FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relname ~ $2)`,
    values: [tenant.ctx.tenantId, `^${source}_events`],
  });
  expect(found[0]?.valid).toBe(true);
  expect(found[0]?.keys).toBeGreaterThan(0);
  expect((await world.online('3', `${other}:n`))[0]).toBe('PRESENT');
});

test('how far it is stands beside the view, and answers that may lack something say so', async () => {
  const source = await newSource();
  await world.view(aggregations, { source });
  await world.sendTo(source, ...someEvents(30));
  const view = await viewOf(source);
  const shown = async () => (await world.store.get(`/api/v1/feature-views/${view}`)).json;
  const ask = async () => {
    const body = { entity_ids: ['u1'], feature_names: [`${view}:n_ever`], timestamp: formatMicros(noon) };
    return (await world.store.post('/api/v1/features/batch', body)).json;
  };
  const running = { status: 'running', events_done: 0, events_total: null };
  expect(await shown()).toMatchObject({ backfill: running, versions: [{ backfill: running }] });
  const warning = { code: 'backfill_incomplete', view, events_done: 0, events_total: null };
  expect((await ask()).warnings).toEqual([warning]);
  await backfillNow(world);
  expect(await shown()).toMatchObject({ backfill: { status: 'done', events_done: 30, events_total: 30 } });
  expect(await ask()).not.toHaveProperty('warnings');
});
