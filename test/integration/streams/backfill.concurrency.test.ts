import { afterAll, beforeAll, expect, test } from 'vitest';
import { backfillNow, expectSame } from './backfill-setup.ts';
import { createStreamWorld, day, type EventGiven, hour, minute, noon, type StreamWorld } from './stream-world.ts';

const aggregations = [
  { name: 'n_1h', function: 'count', window: '1h' },
  { name: 'sum_7d', function: 'sum', field: 'amount', window: '7d' },
  { name: 'countries', function: 'count_distinct', field: 'country', window: '30d' },
  { name: 'n_ever', function: 'count' },
];
const names = aggregations.map(({ name }) => name);
const shops = ['0', '1', '2', '3', '4'];

let world: StreamWorld;
let ids = 0;
beforeAll(async () => {
  world = await createStreamWorld();
});
afterAll(() => world.store.close());

function someEvents(count: number): EventGiven[] {
  return Array.from({ length: count }, () => {
    const id = ++ids;
    const fields = { shop: id % 5, amount: (id % 40) / 4, country: ['at', 'be', 'ch'][id % 3] };
    return [`e${id}`, noon - ((id * 7919) % 50_000) * minute, fields];
  });
}

test('runs at once count each event once, while events come and the index of a new key is made', async () => {
  const of = { source: 'purchases', entity_key: 'shop', entity_type: 'shop' };
  await world.view([{ name: 'n', function: 'count' }], { source: 'purchases' });
  for (let batch = 0; batch < 10; batch++) await world.send(...someEvents(2000));
  const views = [await world.view(aggregations, of), await world.view(aggregations, of)];
  let isOver = false;
  let came = 0;
  const coming = (async () => {
    while (!isOver) {
      await world.send(...someEvents(100));
      came += 100;
    }
  })();
  const run = async (): Promise<void> => {
    // One that meets another's index leaves the rest to it.
    while ((await backfillNow(world)).remaining > 0);
  };
  await Promise.all([run(), run(), run()]);
  isOver = true;
  await coming;
  expect(came).toBeGreaterThan(0);
  const { databases, tenant } = world.store;
  const found = await databases.admin.rows<{ done: number; total: number; status: string }>({
    name: 'backfills',
    text: `SELECT status, events_done::int4 AS done, events_total::int4 AS total FROM feature_store.backfills
           WHERE tenant_id = $1 AND view_table = ANY ($2::text[])`,
    values: [tenant.ctx.tenantId, views.map((view) => `${view}_v1`)],
  });
  expect(found).toEqual(views.map(() => ({ status: 'done', done: 20_000, total: 20_000 })));
  const read = { entity_ids: shops, moments: [noon, noon - hour, noon - 3 * day] };
  const [first = '', second = ''] = views;
  await expectSame(world, [first, second], names, read);
  const ever = await Promise.all(shops.map((shop) => everOf(shop, first)));
  expect(ever.reduce((sum, n) => sum + n, 0)).toBe(20_000 + came);
  const [invalid] = await databases.admin.rows<{ n: number }>({
    name: 'invalid_indexes',
    text: 'SELECT count(*)::int4 AS n FROM pg_index WHERE NOT indisvalid',
  });
  expect(invalid).toEqual({ n: 0 });
});

async function everOf(shop: string, view: string): Promise<number> {
  const { json } = await world.store.post('/api/v1/features/online', {
    entity_id: shop,
    feature_names: [`${view}:n_ever`],
  });
  return json.features[`${view}:n_ever`];
}
