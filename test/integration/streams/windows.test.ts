import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { caches } from '../../support/lane.ts';
import { createStreamWorld, day, hour, minute, noon, type StreamWorld, second } from './stream-world.ts';

const present = (value: unknown) => ['PRESENT', value];
const notFound = ['NOT_FOUND', null];
let ids = 0;
const id = () => `e${++ids}`;

/** Section 4 of docs/semantics.md, a test for each sentence that is not of registering. */
describe.each(caches)('Windows, with cache %s', (cache) => {
  let world: StreamWorld;
  beforeAll(async () => {
    world = await createStreamWorld({ cache });
  });
  afterAll(() => world.store.close());

  const count = (window: string) => [{ name: 'n', function: 'count', window }];

  test('an event at exactly the moment does not count, one a microsecond before it does', async () => {
    const view = await world.view(count('1h'));
    world.clock.set(noon);
    await world.send([id(), noon, { user_id: view }], [id(), noon - 1, { user_id: view }]);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(1));
    world.clock.set(noon + 1);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(2));
  });

  test.each([
    ['15m', minute],
    ['1h', 5 * minute],
    ['24h', hour],
    ['12d', day],
  ])('a window of %s starts at the hop that its length says, inclusive', async (window, hop) => {
    const view = await world.view(count(window));
    const length = Number(window.slice(0, -1)) * { m: minute, h: hour, d: day }[window.slice(-1) as 'm' | 'h' | 'd'];
    const now = noon + 7 * hour + 7 * minute + 30 * second;
    const start = Math.floor((now - length) / hop) * hop;
    world.clock.set(now);
    await world.send([id(), start, { user_id: view }], [id(), start - 1, { user_id: view }]);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(1));
    // The next hop begins.
    world.clock.set(start + hop + length);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(0));
  });

  test('all windows of a view slide by its own hop, where it has one', async () => {
    const view = await world.view(
      [
        { name: 'short', function: 'count', window: '1m' },
        { name: 'long', function: 'count', window: '24h' },
      ],
      { hop: '20s' },
    );
    const now = noon + 7 * hour + 7 * minute + 33 * second;
    world.clock.set(now);
    for (const [name, length] of [
      ['short', minute],
      ['long', day],
    ] as const) {
      const entity = `${view}${name}`;
      const start = now - length - 13 * second;
      await world.send([id(), start, { user_id: entity }], [id(), start - 1, { user_id: entity }]);
      world.clock.set(now);
      expect(await world.everywhere(entity, `${view}:${name}`)).toEqual(present(1));
      world.clock.set(now + 7 * second);
      expect(await world.everywhere(entity, `${view}:${name}`)).toEqual(present(0));
      world.clock.set(now);
    }
  });

  test('first and last of one moment are by event id, byte for byte', async () => {
    const view = await world.view([
      { name: 'first', function: 'first', field: 'amount', window: '24h' },
      { name: 'lasts', function: 'last_k', field: 'amount', k: 3 },
    ]);
    world.clock.set(noon);
    const idsInOrder = ['10', '9', 'Z', 'a', 'é', '𝄞'].map((text) => `${view}-${text}`);
    const events = idsInOrder.map((eventId, amount) => [eventId, noon - minute, { user_id: view, amount }] as const);
    await world.send(...events.slice(3).toReversed());
    await world.send(...events.slice(0, 3).toReversed());
    expect(await world.everywhere(view, `${view}:first`)).toEqual(present(0));
    expect(await world.everywhere(view, `${view}:lasts`)).toEqual(present([3, 4, 5]));
  });

  test('an event that is joined at its own time does not see itself', async () => {
    const view = await world.view([{ name: 'last', function: 'last', field: 'amount' }]);
    world.clock.set(noon);
    const [label, before] = [noon - minute, noon - hour];
    await world.send([id(), before, { user_id: view, amount: 1 }], [id(), label, { user_id: view, amount: 2 }]);
    for (const knownAt of [undefined, noon]) {
      expect(await world.asOf(view, `${view}:last`, label, knownAt)).toEqual(present(1));
      expect(await world.asOf(view, `${view}:last`, label + 1, knownAt)).toEqual(present(2));
      expect(await world.asOf(view, `${view}:last`, before, knownAt)).toEqual(notFound);
    }
  });

  test('several windows are independent, and without one everything before the moment counts', async () => {
    const view = await world.view([
      { name: 'short', function: 'sum', field: 'amount', window: '15m' },
      { name: 'long', function: 'sum', field: 'amount', window: '7d' },
      { name: 'ever', function: 'sum', field: 'amount' },
      { name: 'firsts', function: 'first_k', field: 'amount', k: 2 },
    ]);
    world.clock.set(noon);
    for (const [ago, amount] of [
      [80 * day, 1],
      [6 * day, 2],
      [2 * hour, 4],
      [minute, 8],
    ] as const)
      await world.send([id(), noon - ago, { user_id: view, amount }]);
    expect(await world.everywhere(view, `${view}:short`)).toEqual(present(8));
    expect(await world.everywhere(view, `${view}:long`)).toEqual(present(14));
    expect(await world.everywhere(view, `${view}:ever`)).toEqual(present(15));
    expect(await world.everywhere(view, `${view}:firsts`)).toEqual(present([1, 2]));
    await world.send([id(), noon - 85 * day, { user_id: view, amount: 16 }]);
    expect(await world.everywhere(view, `${view}:ever`)).toEqual(present(31));
    expect(await world.asOf(view, `${view}:ever`, noon - 82 * day)).toEqual(present(16));
  });

  test('a late event of yesterday changes the sum of seven days at the next read', async () => {
    const view = await world.view([{ name: 'total', function: 'sum', field: 'amount', window: '7d' }]);
    world.clock.set(noon);
    await world.send(
      [id(), noon - hour, { user_id: view, amount: 1 }],
      [id(), noon - day - hour, { user_id: view, amount: 2 }],
    );
    expect(await world.everywhere(view, `${view}:total`)).toEqual(present(3));
    await world.send([id(), noon - day - 2 * minute, { user_id: view, amount: 4 }]);
    expect(await world.online(view, `${view}:total`)).toEqual(present(7));
    expect(await world.everywhere(view, `${view}:total`)).toEqual(present(7));
  });

  test('a window goes on sliding while no event arrives, over midnights too', async () => {
    const view = await world.view([
      { name: 'day', function: 'count', window: '24h' },
      { name: 'week', function: 'count', window: '7d' },
    ]);
    world.clock.set(noon);
    await world.send([id(), noon - minute, { user_id: view }]);
    const seen: unknown[] = [];
    for (const later of [0, 13 * hour, 23 * hour, 26 * hour, 6 * day, 8 * day, 40 * day]) {
      world.clock.set(noon + later);
      const [, ofDay] = await world.everywhere(view, `${view}:day`);
      const [, ofWeek] = await world.everywhere(view, `${view}:week`);
      seen.push([ofDay, ofWeek]);
    }
    expect(seen).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [0, 1],
      [0, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  test('an event of the next seconds is accepted, counts from its time on, and hides none before it', async () => {
    const view = await world.view(
      [
        { name: 'n', function: 'count', window: '1h' },
        { name: 'ever', function: 'count' },
        { name: 'last', function: 'last', field: 'amount' },
      ],
      { where: 'amount > 0.0' },
    );
    world.clock.set(noon);
    await world.send(
      [id(), noon - minute, { user_id: view, amount: 1 }],
      [id(), noon + 30 * second, { user_id: view, amount: 2 }],
      [id(), noon + 10 * second, { user_id: view, amount: 0 }],
    );
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(1));
    expect(await world.everywhere(view, `${view}:ever`)).toEqual(present(1));
    expect(await world.everywhere(view, `${view}:last`)).toEqual(present(1));
    world.clock.set(noon + 30 * second + 1);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(2));
    expect(await world.everywhere(view, `${view}:ever`)).toEqual(present(2));
    expect(await world.everywhere(view, `${view}:last`)).toEqual(present(2));
  });

  test('a value is PRESENT, 0 too, no event NOT_FOUND, and events of nulls alone NULL_VALUE', async () => {
    const view = await world.view([
      { name: 'events', function: 'count', window: '1h' },
      { name: 'amounts', function: 'count', field: 'amount', window: '1h' },
      { name: 'countries', function: 'count_distinct', field: 'country', window: '1h' },
      { name: 'total', function: 'sum', field: 'amount', window: '1h' },
    ]);
    world.clock.set(noon);
    const all = async (entity: string) =>
      Object.fromEntries(
        await Promise.all(
          ['events', 'amounts', 'countries', 'total'].map(async (name) => [
            name,
            await world.everywhere(entity, `${view}:${name}`),
          ]),
        ),
      );
    const zero = present(0);
    expect(await all(view)).toEqual({ events: zero, amounts: zero, countries: zero, total: notFound });
    await world.send([id(), noon - 1, { user_id: view, amount: null }]);
    expect(await all(view)).toEqual({
      events: present(1),
      amounts: zero,
      countries: zero,
      total: ['NULL_VALUE', null],
    });
  });

  test('the event time is that of the newest counted event of the window, and the TTL applies to it', async () => {
    const view = await world.view(
      [
        { name: 'n', function: 'count', window: '15m' },
        { name: 'week', function: 'sum', field: 'amount', window: '7d' },
      ],
      { ttl_hours: 1 },
    );
    world.clock.set(noon);
    await world.send([id(), noon - hour, { user_id: view, amount: 5 }]);
    const read = async () => {
      const body = { entity_id: view, feature_names: [`${view}:n`, `${view}:week`] };
      const { json } = await world.store.post('/api/v1/features/online', body);
      return json.metadata;
    };
    expect(await read()).toEqual({
      [`${view}:n`]: { status: 'PRESENT', event_time: null, age_seconds: null, version: 1 },
      [`${view}:week`]: {
        status: 'PRESENT',
        event_time: new Date((noon - hour) / 1000).toISOString(),
        age_seconds: 3600,
        version: 1,
      },
    });
    world.clock.set(noon + 1);
    expect(await world.everywhere(view, `${view}:week`)).toEqual(['OUTSIDE_MAX_AGE', null]);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(0));
  });

  test('an event whose key is null counts for nobody, and one that the filter errs on is not counted', async () => {
    const view = await world.view([{ name: 'n', function: 'count' }], {
      entity_key: 'country',
      where: 'amount / 2.0 > 1.0',
    });
    world.clock.set(noon);
    await world.send(
      [id(), noon - 1, { country: null, amount: 5 }],
      [id(), noon - 1, { country: view, amount: null }],
      [id(), noon - 1, { country: view, amount: 1 }],
      [id(), noon - 1, { country: view, amount: 5 }],
      [id(), noon - 1, { country: 'x'.repeat(60_000), amount: 5 }],
    );
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(1));
    expect(await world.everywhere('null', `${view}:n`)).toEqual(present(0));
  });

  test('an entity key of integers is asked for by its decimal text', async () => {
    const view = await world.view([{ name: 'n', function: 'count', window: '1h' }], {
      entity_key: 'big',
      entity_type: 'card',
    });
    world.clock.set(noon);
    await world.send([id(), noon - 1, { big: '9007199254740993' }], [id(), noon - 1, { big: 77 }]);
    expect(await world.everywhere('9007199254740993', `${view}:n`)).toEqual(present(1));
    expect(await world.everywhere('77', `${view}:n`)).toEqual(present(1));
    expect(await world.everywhere('077', `${view}:n`)).toEqual(present(0));
  });

  test('with known_at only events recorded by then count', async () => {
    const view = await world.view([
      { name: 'n', function: 'count', window: '24h' },
      { name: 'ever', function: 'count' },
    ]);
    world.clock.set(noon);
    await world.send([id(), noon - minute, { user_id: view }]);
    const [row] = await world.store.databases.admin.rows<{ micros: number }>({
      name: 'recorded',
      text: `SELECT (extract(epoch FROM recorded_at) * 1000000)::float8 AS micros
        FROM ${world.store.tenant.ctx.tenantId}.purchases_events WHERE user_id = $1`,
      values: [view],
    });
    const recorded = row?.micros ?? 0;
    await world.send([id(), noon - hour, { user_id: view }]);
    for (const [knownAt, counted] of [
      [recorded - 1, 0],
      [recorded, 1],
      [noon, 2],
    ] as const) {
      expect(await world.asOf(view, `${view}:n`, noon, knownAt)).toEqual(present(counted));
      expect(await world.asOf(view, `${view}:ever`, noon, knownAt)).toEqual(present(counted));
    }
  });

  test('features of stream views and of batch views are read together, for many entities', async () => {
    const view = await world.view([{ name: 'n', function: 'count', window: '24h' }]);
    const batch = { name: `${view}_profile`, entity_type: 'user', features: [{ name: 'age', dtype: 'int64' }] };
    expect((await world.store.post('/api/v1/feature-views', batch)).status).toBe(201);
    world.clock.set(noon);
    const rows = [{ entity_id: `${view}a`, event_time: new Date(noon / 1000 - 1).toISOString(), values: { age: 5 } }];
    expect((await world.store.post('/api/v1/features/ingest', { view: batch.name, rows })).status).toBe(200);
    await world.send([id(), noon - 1, { user_id: `${view}a` }], [id(), noon - 1, { user_id: `${view}b` }]);
    const body = {
      entity_ids: [`${view}b`, `${view}a`, `${view}c`],
      feature_names: [`${view}:n`, `${batch.name}:age`, `${view}:n`],
    };
    for (let time = 0; time < 2; time++) {
      const { json } = await world.store.post('/api/v1/features/online', body);
      expect(json.rows).toEqual([
        { entity_id: `${view}b`, values: [1, null, 1], statuses: ['PRESENT', 'NOT_FOUND', 'PRESENT'] },
        { entity_id: `${view}a`, values: [1, 5, 1], statuses: ['PRESENT', 'PRESENT', 'PRESENT'] },
        { entity_id: `${view}c`, values: [0, null, 0], statuses: ['PRESENT', 'NOT_FOUND', 'PRESENT'] },
      ]);
    }
  });

  test('events of old versions of a view go on being counted', async () => {
    const view = await world.view([{ name: 'n', function: 'count', window: '1h' }]);
    const definition = { name: view, entity_type: 'user', source: world.source, entity_key: 'user_id' };
    const changed = {
      ...definition,
      where: 'amount > 1.0',
      aggregations: [{ name: 'n', function: 'count', window: '1h' }],
    };
    expect((await world.store.post('/api/v1/feature-views', changed)).json.version).toBe(2);
    world.clock.set(noon);
    await world.send([id(), noon - 1, { user_id: view, amount: 1 }]);
    expect(await world.everywhere(view, `${view}@1:n`)).toEqual(present(1));
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(0));
  });
});
