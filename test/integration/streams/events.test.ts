import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepProjections } from '../../../shared/ingestion/index.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import { caches } from '../../support/lane.ts';
import { createStreamWorld, day, hour, incoming, minute, noon, type StreamWorld, second } from './stream-world.ts';
import { purchases, sourcesPath } from './streams-setup.ts';

const present = (value: unknown) => ['PRESENT', value];
let ids = 0;
const id = () => `e${++ids}`;

/** Section 5 of docs/semantics.md, and what becomes of events that are bad, or that the cache does not have. */
describe.each(caches)('Events, with cache %s', (cache) => {
  let world: StreamWorld;
  beforeAll(async () => {
    world = await createStreamWorld({ cache });
  });
  afterAll(() => world.store.close());

  test('the same id changes nothing again, whatever its fields and its time, in a batch and later', async () => {
    const view = await world.view([{ name: 'total', function: 'sum', field: 'amount', window: '24h' }]);
    world.clock.set(noon);
    const same = id();
    expect(
      await world.send(
        [same, noon - minute, { user_id: view, amount: 1 }],
        [same, noon - hour, { user_id: view, amount: 2 }],
      ),
    ).toMatchObject({ accepted: 2, duplicates: 1 });
    expect(await world.send([same, noon - 2 * hour, { user_id: view, amount: 4 }])).toMatchObject({ duplicates: 1 });
    expect(await world.everywhere(view, `${view}:total`)).toEqual(present(1));
  });

  test('the same id of another source, or of another tenant, is another event', async () => {
    const other = `other_${id()}`;
    await world.addSource(other);
    const definition = [{ name: 'n', function: 'count', window: '24h' }];
    const [view, ofOther] = [await world.view(definition), await world.view(definition, { source: other })];
    world.clock.set(noon);
    const same = incoming([id(), noon - minute, { user_id: view }], noon);
    const { ctx } = world.store.tenant;
    for (const source of [world.source, other, world.source, other]) await world.applier()(ctx, source, [same]);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(1));
    expect(await world.everywhere(view, `${ofOther}:n`)).toEqual(present(1));

    const tenant = await world.store.createTenant();
    const { name: _, ...definitionOfSource } = purchases;
    const source = { ...definitionOfSource, name: world.source, event_id: undefined };
    expect((await world.store.post(sourcesPath, source, { key: tenant.key })).status).toBe(201);
    const event = { ...same, fields: { user_id: view, bought_at: same.fields.at } };
    const applied = await world.applier()(tenant.ctx, world.source, [event]);
    expect(applied).toMatchObject({ accepted: 1, duplicates: 0, rejected: [] });
  });

  test('bad events are told with their place and code, and the rest counts', async () => {
    const view = await world.view([{ name: 'n', function: 'count', window: '24h' }]);
    world.clock.set(noon);
    const given = [
      [id(), noon - 1, { user_id: view }],
      [id(), noon - 1, { user_id: view, amount: 'much' }],
      [id(), noon + 61 * second, { user_id: view }],
      [id(), noon - 91 * day, { user_id: view }],
      [id(), noon - 1, { user_id: view, at: 'yesterday' }],
      [id(), noon - 1, { user_id: view, at: '1969-12-31' }],
      [id(), noon - 1, { user_id: view, shop: 2 ** 31 }],
      [id(), noon - 1, { user_id: view, nothing: 1 }],
      [id(), noon - 1, { user_id: `${view}\0` }],
      ['', noon - 1, { user_id: view }],
    ] as const;
    const { ctx } = world.store.tenant;
    const applied = await world.applier()(
      ctx,
      world.source,
      given.map((event) => incoming(event, noon)),
    );
    expect(applied.accepted).toBe(1);
    expect(applied.rejected.map(({ index, code }) => [index, code])).toEqual([
      [1, 'wrong_type'],
      [2, 'event_time_in_future'],
      [3, 'event_time_beyond_retention'],
      [4, 'invalid_event_time'],
      [5, 'event_time_out_of_range'],
      [6, 'out_of_range'],
      [7, 'unknown_field'],
      [8, 'invalid_text'],
      [9, 'invalid_row'],
    ]);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(1));
  });

  test('what a crash or a lost cache left unprojected is mended by a retry, and by the sweep', async () => {
    const view = await world.view([
      { name: 'n', function: 'count', window: '24h' },
      { name: 'ever', function: 'count' },
    ]);
    world.clock.set(noon);
    const { ctx } = world.store.tenant;
    const away = {
      ...world.store.cache,
      writeNewest: () => Promise.reject(new UnavailableError('cache', new Error('away'))),
    };
    const crashing = world.applier(away);
    const both = async () => [await world.online(view, `${view}:n`), await world.online(view, `${view}:ever`)];
    expect(await both()).toEqual([present(0), present(0)]);
    const first = [incoming([id(), noon - 1, { user_id: view }], noon)];
    expect(await crashing(ctx, world.source, first)).toMatchObject({ accepted: 1, isProjected: false });
    expect(await world.applier()(ctx, world.source, first)).toMatchObject({
      accepted: 1,
      duplicates: 1,
      isProjected: true,
    });
    expect(await both()).toEqual([present(1), present(1)]);

    await crashing(ctx, world.source, [incoming([id(), noon - 1, { user_id: view }], noon)]);
    await world.store.databases.admin.rows({
      name: 'age_marks',
      text: `UPDATE feature_store.pending_projections SET created_at = now() - interval '1 minute' WHERE tenant_id = $1`,
      values: [ctx.tenantId],
    });
    await sweepProjections({ database: world.store.databases.writer, cache: world.store.cache });
    expect(await both()).toEqual([present(2), present(2)]);
    expect(await both()).toEqual([present(2), present(2)]);
  });

  test('a cache that was lost is filled by the next read', async () => {
    const view = await world.view([{ name: 'n', function: 'count', window: '7d' }]);
    world.clock.set(noon);
    await world.send([id(), noon - 5 * day, { user_id: view }], [id(), noon - 1, { user_id: view }]);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(2));
    await world.forget(view);
    // Today's tiles are there again, those of five days ago not yet.
    await world.send([id(), noon - 2, { user_id: view }]);
    expect(await world.everywhere(view, `${view}:n`)).toEqual(present(3));
  });
});
