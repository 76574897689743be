import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { naiveWindow, type OracleAggregation, type OracleEvent } from '../../support/naive-windows.ts';
import { Ended, endingAt, maintainNow } from '../storage/storage-setup.ts';
import { backfillNow } from './backfill-setup.ts';
import { createStreamWorld, day, hour, minute, noon, type StreamWorld } from './stream-world.ts';

const aggregations: Readonly<Record<string, OracleAggregation>> = {
  n_15m: { function: 'count', window: '15m' },
  sum_24h: { function: 'sum', field: 'amount', window: '24h' },
  min_7d: { function: 'min', field: 'amount', window: '7d' },
  countries_12d: { function: 'count_distinct', field: 'country', window: '12d' },
  n_ever: { function: 'count' },
  sum_ever: { function: 'sum', field: 'shop' },
  first_ever: { function: 'first', field: 'country' },
  top_ever: { function: 'top_k', field: 'country', k: 2 },
};
const names = Object.keys(aggregations);
const definitions = Object.entries(aggregations).map(([name, aggregation]) => ({ name, ...aggregation }));
const windowed = definitions.filter(({ window }) => window !== undefined);
const retention = 30;

interface Sent extends OracleEvent {
  readonly user: string;
}

let world: StreamWorld;
let sources = 0;
let ids = 0;
beforeAll(async () => {
  world = await createStreamWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

async function newSource(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const source = `aged${++sources}`;
  await world.addSource(source, { retention_days: retention, ...more });
  return source;
}

/** Sends events of two users, each so long before now; the same for the same `ids`. */
async function sendAgo(source: string, agos: readonly number[]): Promise<Sent[]> {
  const sent = agos.map((ago): Sent => {
    const id = ++ids;
    const fields = {
      amount: id % 5 === 0 ? null : ((id * 31) % 40) / 4,
      shop: id % 11,
      country: id % 7 === 0 ? null : ['at', 'be', 'ch', 'de'][(id * 13) % 4],
    };
    return { user: `${source}u${id % 2}`, eventId: `e${id}`, eventMicros: world.clock.nowMicros() - ago, fields };
  });
  await world.sendTo(
    source,
    ...sent.map((event) => [event.eventId, event.eventMicros, { ...event.fields, user_id: event.user }] as const),
  );
  return sent;
}

/** Whether online, and as of moments within the source's retention with known_at and without, all are as a scan over all events says. */
async function check(source: string, view: string, sent: readonly Sent[], of = names): Promise<void> {
  const { store, clock } = world;
  const now = clock.nowMicros();
  const entity_ids = [`${source}u0`, `${source}u1`];
  const feature_names = of.map((name) => `${view}:${name}`);
  const expected = (asOf: number) =>
    entity_ids.map((user) =>
      of.map((name) => {
        const events = sent.filter((event) => event.user === user);
        const { status, value } = naiveWindow(events, aggregations[name] ?? { function: '' }, asOf);
        return [status, status === 'PRESENT' ? value : null];
      }),
    );
  const online = await store.post('/api/v1/features/online', { entity_ids, feature_names });
  const said = online.json.rows.map((row: { statuses: string[]; values: unknown[] }) =>
    row.statuses.map((status, place) => [status, row.values[place]]),
  );
  expect(said, `online at ${formatMicros(now)}`).toEqual(expected(now));
  for (const ago of [0, 40 * minute, 3 * day + 7 * minute, 17 * day, retention * day]) {
    for (const known_at of [undefined, formatMicros(now)]) {
      const timestamp = formatMicros(now - ago);
      const { json } = await store.post('/api/v1/features/batch', { entity_ids, feature_names, timestamp, known_at });
      const answers = json.rows.map((row: { statuses: Record<string, string>; features: Record<string, unknown> }) =>
        feature_names.map((name) => [row.statuses[name], row.features[name]]),
      );
      expect(answers, `as of ${timestamp}, known at ${known_at}`).toEqual(expected(now - ago));
      expect(json).not.toHaveProperty('warnings');
    }
  }
}

async function countOf(table: string): Promise<number> {
  const [found] = await world.store.databases.admin.rows<{ n: number }>({
    name: 'count',
    text: `SELECT count(*)::int4 AS n FROM ${world.store.tenant.ctx.tenantId}.${table}`,
  });
  return found?.n ?? 0;
}

describe('As events age', () => {
  test('answers within retention and of lifetimes stay what a scan over all events says', async () => {
    world.clock.set(noon);
    const source = await newSource();
    const view = await world.view(definitions, { source });
    const sent: Sent[] = [];
    const totals = { dropped: 0, tilesAged: 0 };
    for (let week = 0; week < 26; week++) {
      world.clock.set(noon + week * 7 * day + (week % 5) * hour);
      // Of this week, and some as late as may be.
      const agos = [minute, hour, 5 * hour, 2 * day, 4 * day + minute, 6 * day, 20 * day, retention * day];
      sent.push(...(await sendAgo(source, week % 6 === 5 ? [] : agos)));
      const { dropped, tilesAged } = await maintainNow(world);
      totals.dropped += dropped;
      totals.tilesAged += tilesAged;
      if (week % 3 === 0 || week > 22) await check(source, view, sent);
    }
    expect(totals.dropped).toBeGreaterThan(2);
    expect(totals.tilesAged).toBeGreaterThan(20);
    expect(await countOf(`${source}_events`)).toBeLessThan(sent.length * 0.6);
    expect(await countOf(`${view}_v1`)).toBeLessThan(sent.length * 0.75);
  });

  test('a view without lifetime windows loses its old tiles, and no answer', async () => {
    world.clock.set(noon);
    const source = await newSource();
    const view = await world.view(windowed, { source });
    const sent = await sendAgo(source, [minute, day, 29 * day]);
    world.clock.set(noon + 100 * day);
    sent.push(...(await sendAgo(source, [minute, 25 * day])));
    expect(await countOf(`${view}_v1`)).toBe(5);
    expect(await maintainNow(world)).toMatchObject({ tilesAged: 3 });
    expect(await countOf(`${view}_v1`)).toBe(2);
    const of = windowed.map(({ name }) => name);
    await check(source, view, sent, of);
  });

  test('all is kept where retention_days is 0', async () => {
    world.clock.set(noon);
    const source = await newSource({ retention_days: 0 });
    const view = await world.view(definitions, { source });
    await sendAgo(source, [minute, 400 * day]);
    const before = await countOf(`${view}_v1`);
    world.clock.set(noon + 1000 * day);
    await maintainNow(world);
    expect([await countOf(`${source}_events`), await countOf(`${view}_v1`)]).toEqual([2, before]);
  });

  test('an event of a rolled-up time that comes late, or again and again, counts as it should', async () => {
    world.clock.set(noon);
    const source = await newSource();
    const view = await world.view(definitions, { source });
    const sent = await sendAgo(source, [minute, 2 * minute, day]);
    const hourOfSent = world.clock.nowMicros() - minute;
    const stayed = noon - minute;
    world.clock.set(noon + 100 * day);
    await maintainNow(world);
    await check(source, view, sent);
    // It reached us then, and is replayed from the dead letters now.
    const apply = world.applier();
    const replay = async (): Promise<void> => {
      const id = ++ids;
      const event: Sent = {
        user: `${source}u0`,
        eventId: `e${id}`,
        eventMicros: hourOfSent,
        fields: { shop: 3, amount: 1, country: 'at' },
      };
      const fields = { id: event.eventId, at: formatMicros(event.eventMicros), user_id: event.user, ...event.fields };
      const given = [{ eventId: event.eventId, fields, arrivalMicros: stayed }];
      expect(await apply(world.store.tenant.ctx, source, given)).toMatchObject({ accepted: 1, duplicates: 0 });
      sent.push(event);
    };
    await replay();
    await check(source, view, sent);
    for (const days of [101, 102, 103]) {
      world.clock.set(noon + days * day);
      await maintainNow(world);
      await check(source, view, sent);
      if (days === 101) await replay();
    }
    // By the process that has had these tiles before they were removed.
    await replay();
    await check(source, view, sent);
    await maintainNow(world);
    expect(await countOf(`${source}_events`)).toBe(0);
    // Of two users the running total and what was rolled up, and the hour of the last event.
    expect(await countOf(`${view}_v1`)).toBe(5);
  });

  test('a run that is ended at any statement leaves no difference', async () => {
    const prepare = async () => {
      world.clock.set(noon);
      const source = await newSource();
      const view = await world.view(definitions, { source });
      const sent = await sendAgo(source, [minute, 20 * minute, day, 10 * day]);
      world.clock.set(noon + 100 * day);
      sent.push(...(await sendAgo(source, [minute, 28 * day])));
      return { source, view, sent };
    };
    const kept = await prepare();
    const { owner } = world.store.databases;
    for (let statement = 1; ; statement++) {
      try {
        await maintainNow(world, { database: endingAt(owner, statement).database });
        break;
      } catch (error) {
        if (!(error instanceof Ended)) throw error;
      }
      if (statement % 10 === 0) await check(kept.source, kept.view, kept.sent);
    }
    await check(kept.source, kept.view, kept.sent);
    expect(await countOf(`${kept.source}_events`)).toBe(2);
  });

  test('more tiles of an entity and more entities than a part of a pass has are rolled up all the same', async () => {
    world.clock.set(noon);
    const source = await newSource({ retention_days: 120 });
    const view = await world.view([{ name: 'n_ever', function: 'count' }], { source });
    const hours = Array.from({ length: 2600 }, (_, place) => [`h${place}`, noon - place * hour, {}] as const);
    const others = Array.from({ length: 700 }, (_, place) => [`o${place}`, noon, { user_id: `x${place}` }] as const);
    await world.sendTo(source, ...hours);
    await world.sendTo(source, ...others);
    expect(await countOf(`${view}_v1`)).toBe(2600 + 700 + 701);
    for (const days of [300, 302, 304]) {
      world.clock.set(noon + days * day);
      await maintainNow(world);
    }
    // The running total and what was rolled up.
    expect(await countOf(`${view}_v1`)).toBe(2 * 701);
    expect(await world.everywhere('u1', `${view}:n_ever`)).toEqual(['PRESENT', 2600]);
    expect(await world.everywhere('x699', `${view}:n_ever`)).toEqual(['PRESENT', 1]);
  });

  test('events are not dropped while a view is being backfilled from them', async () => {
    world.clock.set(noon);
    const source = await newSource();
    await world.view(definitions, { source });
    const sent = await sendAgo(source, [minute, 5 * day]);
    const view = await world.view(definitions, { source });
    world.clock.set(noon + 100 * day);
    await maintainNow(world);
    expect(await countOf(`${source}_events`)).toBe(2);
    await backfillNow(world);
    await maintainNow(world);
    expect(await countOf(`${source}_events`)).toBe(0);
    await check(source, view, sent);
  });

  test('ids are forgotten after dedupe_days, and not before', async () => {
    const source = await newSource({ dedupe_days: 3 });
    const now = Date.now() * 1000;
    world.clock.set(now);
    await sendAgo(source, [minute]);
    world.clock.set(now + 2.9 * day);
    await maintainNow(world);
    expect(await countOf(`${source}_seen`)).toBe(1);
    world.clock.set(now + 4 * day);
    expect((await maintainNow(world)).idsForgotten).toBeGreaterThan(0);
    expect(await countOf(`${source}_seen`)).toBe(0);
  });
});
