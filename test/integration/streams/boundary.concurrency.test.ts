import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRegistries } from '../../../functions/composition/core.ts';
import { closeEpoch } from '../../../shared/events/index.ts';
import type { Database } from '../../../shared/platform/database.ts';
import type { DynamoDbReads } from '../../../shared/platform/dynamodb.ts';
import { createLogger } from '../../../shared/platform/logger.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import { type ApplyEvents, createApplyEvents } from '../../../shared/stream/index.ts';
import { createStreamWorld, hour, incoming, type StreamWorld } from './stream-world.ts';

const logger = createLogger({ level: 'silent', buffered: false });
const count = [{ name: 'n', function: 'count' }];

let world: StreamWorld;
let sources = 0;
beforeAll(async () => {
  world = await createStreamWorld();
});
afterAll(() => world.store.close());

/** A source of its own with one view, so that there is something to fold into from the start. */
async function newSource(): Promise<string> {
  const source = `source${++sources}`;
  await world.addSource(source);
  await world.view(count, { source });
  return source;
}

/** Another process, which after its first event does not ask for the newest registry: the world's clock stands. */
function otherProcess(
  options: { readonly database?: Database; readonly isStoreAway?: () => boolean } = {},
): ApplyEvents {
  const { store, clock } = world;
  const { databases, cache, dynamodb } = store;
  const unlessAway = async <Result>(read: () => Promise<Result>): Promise<Result> => {
    if (options.isStoreAway?.()) throw new UnavailableError('dynamodb', new Error('away'));
    return read();
  };
  const reads: DynamoDbReads = {
    tables: dynamodb.tables,
    getItem: (...asked) => unlessAway(() => dynamodb.getItem(...asked)),
    queryItems: (...asked) => unlessAway(() => dynamodb.queryItems(...asked)),
  };
  const registries = openRegistries({ dynamodb: reads, cache, clock, logger });
  return createApplyEvents({ database: options.database ?? databases.writer, cache, registries, clock });
}

let ids = 0;
function eventsOf(entities: readonly string[]) {
  const at = world.clock.nowMicros() - hour;
  return entities.map((user_id) => incoming([`e${++ids}`, at, { user_id }], world.clock.arrivalMicros()));
}

/** Of a source's raw events: how many in all, and how many are the backfill's of a view. */
async function rawOf(source: string, view: string): Promise<{ all: number; older: number; status: string }> {
  const [found] = await world.store.databases.admin.rows<{ all: number; older: number; status: string }>({
    name: 'count_raw',
    text: `
      SELECT count(raw)::int4 AS all, (count(raw) FILTER (WHERE raw._epoch < backfill.epoch))::int4 AS older, backfill.status
      FROM feature_store.backfills AS backfill
      LEFT JOIN ${world.store.tenant.ctx.tenantId}.${source}_events AS raw ON true
      WHERE tenant_id = $1 AND view_table = $2 GROUP BY backfill.status, backfill.epoch`,
    values: [world.store.tenant.ctx.tenantId, `${view}_v1`],
  });
  if (found === undefined) throw new Error('no backfill');
  return found;
}

async function countedOf(view: string, entities: readonly string[]): Promise<number> {
  const said = await Promise.all(entities.map((entity) => world.online(entity, `${view}:n`)));
  return said.reduce((sum, [, value]) => sum + Number(value), 0);
}

test('each event is counted as it comes or is the backfill’s, while views are registered among writers that have not heard of them', async () => {
  const source = await newSource();
  const entities = Array.from({ length: 20 }, (_, place) => `among${place}`);
  const writers = Array.from({ length: 4 }, () => otherProcess());
  let sent = 0;
  let isOver = false;
  const write = async (apply: ApplyEvents, shift: number): Promise<void> => {
    while (!isOver) {
      const events = eventsOf([...entities.slice(shift), ...entities.slice(0, shift)]);
      expect(await apply(world.store.tenant.ctx, source, events)).toMatchObject({ accepted: 20, duplicates: 0 });
      sent += events.length;
    }
  };
  const writing = Promise.all(writers.map((apply, place) => write(apply, place * 5)));
  const untilSent = (more: number): Promise<void> => {
    const from = sent;
    return expect.poll(() => sent, { timeout: 20_000, interval: 5 }).toBeGreaterThan(from + more);
  };
  await untilSent(200);
  const views: string[] = [];
  for (let place = 0; place < 3; place++) {
    views.push(await world.view(count, { source }));
    await untilSent(200);
  }
  isOver = true;
  await writing;
  for (const view of views) {
    const { all, older } = await rawOf(source, view);
    expect(all).toBe(sent);
    expect(older).toBeGreaterThan(200);
    expect(await countedOf(view, entities)).toBe(all - older);
  }
  // No writer went on without the last view.
  expect(sent - (await rawOf(source, views.at(-1) ?? '')).older).toBeGreaterThan(200);
});

test('a source without events has nothing to be backfilled', async () => {
  const source = await newSource();
  const view = await world.view(count, { source });
  expect(await rawOf(source, view)).toEqual({ all: 0, older: 0, status: 'done' });
});

test('a writer under way is waited for, and what it stores is the backfill’s', async () => {
  const source = await newSource();
  const { writer } = world.store.databases;
  let goOn: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let isStored = false;
  const slow = otherProcess({
    database: {
      ...writer,
      transaction: (work) =>
        writer.transaction(async (transaction) => {
          const result = await work(transaction);
          isStored = true;
          await held;
          return result;
        }),
    },
  });
  const writing = slow(world.store.tenant.ctx, source, eventsOf(['slow']));
  await expect.poll(() => isStored).toBe(true);
  const registering = world.view(count, { source });
  await expect.poll(() => isWaiting(`${source}_events`)).toBe(true);
  goOn();
  const view = await registering;
  await writing;
  expect(await rawOf(source, view)).toEqual({ all: 1, older: 1, status: 'running' });
  expect(await world.online('slow', `${view}:n`)).toEqual(['PRESENT', 0]);
});

test('behind a writer that takes longer than 2 s the view is registered all the same, and the line drawn later', async () => {
  const source = await newSource();
  const { databases, tenant } = world.store;
  await otherProcess()(tenant.ctx, source, eventsOf(['before']));
  const { view } = await databases.admin.transaction(async (transaction) => {
    await transaction.script(`LOCK TABLE ${tenant.ctx.tenantId}.${source}_events IN ROW EXCLUSIVE MODE`);
    return { view: await world.view(count, { source, entity_key: 'shop' }) };
  });
  expect(await rawOf(source, view)).toMatchObject({ status: 'waiting' });
  const close = () => closeEpoch(databases.owner, tenant.ctx, { table: `${view}_v1`, stream: null });
  expect(await close()).toBe('running');
  expect(await close()).toBe('running');
});

test('a writer that cannot read the newer registry stores nothing, and all once it can', async () => {
  const source = await newSource();
  let isAway = false;
  const apply = otherProcess({ isStoreAway: () => isAway });
  const { ctx } = world.store.tenant;
  await apply(ctx, source, eventsOf(['away']));
  const view = await world.view(count, { source });
  isAway = true;
  const events = eventsOf(['away', 'away']);
  await expect(apply(ctx, source, events)).rejects.toThrow(UnavailableError);
  expect(await rawOf(source, view)).toEqual({ all: 1, older: 1, status: 'running' });
  isAway = false;
  expect(await apply(ctx, source, events)).toMatchObject({ accepted: 2, duplicates: 0 });
  expect(await rawOf(source, view)).toEqual({ all: 3, older: 1, status: 'running' });
  expect(await world.online('away', `${view}:n`)).toEqual(['PRESENT', 2]);
});

async function isWaiting(table: string): Promise<boolean> {
  const rows = await world.store.databases.admin.rows({
    name: 'waiting_locks',
    text: `SELECT FROM pg_locks WHERE NOT granted AND relation = '${world.store.tenant.ctx.tenantId}.${table}'::regclass`,
  });
  return rows.length > 0;
}
