import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepProjections } from '../../shared/ingestion/index.ts';
import type { TestTenant } from '../support/feature-store.ts';
import { until } from './local-process.ts';
import {
  byEntity,
  type EntityType,
  entitiesOf,
  entityTypes,
  type Moment,
  readTiles,
  sayAsOf,
  sayOnline,
  sayOracle,
} from './replay/answers.ts';
import { consumeKafka, consumeKinesis } from './replay/consume.ts';
import { startFaultyConsumer } from './replay/faulty-consumer.ts';
import { kafkaBatches, kinesisBatches } from './replay/replay-batches.ts';
import { createChance, day, eventsOf, isRare, noon, type SentEvent, withDuplicates } from './replay/replay-stream.ts';
import { type ReplayWorld, startReplayWorld, stream } from './replay/replay-world.ts';

const chance = createChance(20_260_131);
const events = eventsOf(100_000, chance);
const ofUser = byEntity('user', events);
const rareUsers = [...ofUser.keys()].filter(isRare);

let world: ReplayWorld;
let clean: TestTenant;
let replayed: TestTenant;
beforeAll(async () => {
  world = await startReplayWorld();
  clean = await world.createTenant();
  replayed = await world.createTenant();
});
afterAll(() => world?.stop());

test('a clean run of all events, each once and in the order of time, answers as a scan over all of them does', async () => {
  const consumer = await world.consumer(clean);
  const inOrder = events.toSorted((a, b) => a.eventMicros - b.eventMicros);
  const attempts = { before: () => {}, after: (isFailed: boolean) => expect(isFailed).toBe(false) };
  await consumeKinesis(consumer, kinesisBatches(stream, inOrder, chance), attempts);
  expect(await consumer.deadLetters()).toBe(0);
  await consumer.close();
  for (const entityType of entityTypes) {
    expect(await sayOnline(world.store, clean, entityType)).toEqual(oracleOf(entityType, events));
  }
});

test('each event counts once with duplicates, disorder, a fault at every step, two consumers at once and a lost Redis', async () => {
  const delivered = withDuplicates(events, 0.1, chance);
  const ofKinesis = kinesisBatches(stream, delivered, chance);
  const others = events.filter(({ fields }) => !isRare(fields.user_id));
  const ofKafka = kafkaBatches(stream, withDuplicates(others, 0.1, chance), chance);
  const [one, other] = await Promise.all([startFaultyConsumer(world, replayed), startFaultyConsumer(world, replayed)]);
  const redis = new Redis(world.stores.redis.url);
  let isWiped = false;
  await fillRareUsers();
  let reading: Promise<unknown> = Promise.resolve();
  const wiping = {
    before: async (done: number) => {
      if (!isWiped && done === Math.floor(ofKinesis.length / 2)) {
        await redis.flushall();
        isWiped = true;
        await fillRareUsers();
      }
      await one.attempts.before(done);
      // So that the cache is filled while it is written and lost.
      reading = sayOnline(
        world.store,
        replayed,
        'user',
        entitiesOf('user').filter(() => chance() < 0.1),
      );
    },
    after: async (isFailed: boolean) => {
      await reading;
      await one.attempts.after(isFailed);
    },
  };
  try {
    // The first of each alone, so that no other writer adds statements to its trip.
    await consumeKinesis(one.consumer, ofKinesis.slice(0, 2), one.attempts);
    await consumeKafka(other.consumer, ofKafka.slice(0, 2), other.attempts);
    await Promise.all([
      consumeKinesis(one.consumer, ofKinesis, wiping),
      consumeKafka(other.consumer, ofKafka, other.attempts),
    ]);
  } finally {
    redis.disconnect();
  }
  expect(isWiped).toBe(true);
  const met = [...one.met()].map(([fault, isMet]) => [fault, isMet || (other.met().get(fault) ?? false)]);
  expect(met.filter(([, isMet]) => !isMet)).toEqual([]);
  expect(met.length).toBeGreaterThan(20);
  expect([await one.consumer.deadLetters(), await other.consumer.deadLetters()]).toEqual([0, 0]);
  await Promise.all([one.close(), other.close()]);

  // What was committed and not projected is in the marks.
  await until('nothing is pending', 10_000, async () => {
    await sweepProjections({ database: world.store.databases.writer, cache: world.store.cache });
    return (await countRows('feature_store.pending_projections')) === 0;
  });
  expect(await countRows(`${replayed.ctx.tenantId}.purchases_events`)).toBe(events.length);
}, 600_000);

describe('after the replay', () => {
  test('tiles are those of the clean run', async () => {
    const [found, expected] = [await readTiles(world.store, replayed), await readTiles(world.store, clean)];
    expect(expected.length).toBeGreaterThan(10_000);
    expect(found.length).toBe(expected.length);
    expect(found.filter((tile, place) => tile !== expected[place])).toEqual([]);
  });

  test('online answers of users who have one event, and whom the cache had before it, are those of a scan', async () => {
    expect(rareUsers.length).toBeGreaterThan(2000);
    for (const part of partsOf(rareUsers)) {
      const oracle = part.map((id) => [id, sayOracle('user', ofUser.get(id) ?? [], noon)]);
      expect(await sayOnline(world.store, replayed, 'user', part)).toEqual(Object.fromEntries(oracle));
    }
  });

  test.each(entityTypes)(
    'online answers of each %s are those of the clean run, from the cache as it is and filled',
    async (entityType) => {
      const expected = await sayOnline(world.store, clean, entityType);
      expect(expected).toEqual(oracleOf(entityType, events));
      for (const time of ['as it is', 'filled']) {
        expect(await sayOnline(world.store, replayed, entityType), time).toEqual(expected);
      }
    },
  );

  test.each(entityTypes)(
    'training sets of each %s are those of the clean run, with known_at and without',
    async (entityType) => {
      const moments = momentsOf(entityType);
      const expected = await sayAsOf(world.store, clean, entityType, moments);
      const grouped = byEntity(entityType, events);
      expect(expected).toEqual(
        moments.map(({ entityId, micros }) => sayOracle(entityType, grouped.get(entityId) ?? [], micros)),
      );
      expect(await sayAsOf(world.store, replayed, entityType, moments)).toEqual(expected);
      expect(await sayAsOf(world.store, clean, entityType, moments, noon)).toEqual(expected);
      expect(await sayAsOf(world.store, replayed, entityType, moments, noon)).toEqual(expected);
    },
  );

  test('a training set known by the middle of the replay has the events that were recorded by then', async () => {
    const { micros, known } = await knownByTheMiddle();
    expect(known.size).toBeGreaterThan(events.length / 4);
    expect(known.size).toBeLessThan(events.length);
    const moments = momentsOf('user').slice(0, 200);
    const oracle = moments.map(({ entityId, micros: asOf }) =>
      sayOracle(
        'user',
        (ofUser.get(entityId) ?? []).filter(({ eventId }) => known.has(eventId)),
        asOf,
      ),
    );
    expect(await sayAsOf(world.store, replayed, 'user', moments, micros)).toEqual(oracle);
  });

  test('late events of yesterday change what the next online read says', async () => {
    const late = eventsOf(200, chance).map((event, place): SentEvent => {
      const eventMicros = noon - day - place * 1_000_000;
      const own = { id: `late-${place}`, user_id: `u${place}`, at: eventMicros / 1000, amount: 7.25 };
      const fields = { ...event.fields, ...own };
      return { ...event, eventId: own.id, eventMicros, arrivalMicros: noon, fields, json: JSON.stringify(fields) };
    });
    const before = await sayOnline(world.store, replayed, 'user');
    const consumer = await world.consumer(replayed);
    const attempts = { before: () => {}, after: (isFailed: boolean) => expect(isFailed).toBe(false) };
    await consumeKinesis(consumer, kinesisBatches(stream, late, chance), attempts);
    const after = await sayOnline(world.store, replayed, 'user');
    expect(after).toEqual(oracleOf('user', [...events, ...late]));
    const unchanged = [...byEntity('user', late).keys()].filter(
      (user) => JSON.stringify(before[user]) === JSON.stringify(after[user]),
    );
    expect(unchanged).toEqual([]);
    await consumer.close();
  });
});

/** Nothing but the projection of their one event, or what mends it, tells the cache of it. */
async function fillRareUsers(): Promise<void> {
  for (const part of partsOf(rareUsers)) await sayOnline(world.store, replayed, 'user', part);
}

/** As many as a request may ask for. */
function partsOf(entityIds: readonly string[]): string[][] {
  return [...Map.groupBy(entityIds.entries(), ([place]) => Math.floor(place / 1000)).values()].map((part) =>
    part.map(([, id]) => id),
  );
}

function oracleOf(entityType: EntityType, of: readonly SentEvent[]): Record<string, unknown> {
  const grouped = byEntity(entityType, of);
  return Object.fromEntries(
    entitiesOf(entityType).map((id) => [id, sayOracle(entityType, grouped.get(id) ?? [], noon)]),
  );
}

/** Of many entities several moments each: arbitrary ones, those of events, and a microsecond later. */
function momentsOf(entityType: EntityType): Moment[] {
  const ofMoments = createChance(7);
  const grouped = byEntity(entityType, events);
  return entitiesOf(entityType)
    .filter((_, place) => place % 7 === 3)
    .flatMap((entityId) => {
      const own = grouped.get(entityId) ?? [];
      const atEvents = Array.from({ length: 6 }, () => own[Math.floor(ofMoments() * own.length)]?.eventMicros ?? noon);
      const arbitrary = Array.from({ length: 8 }, () => Math.floor(noon - ofMoments() ** 2 * 12 * day));
      return [noon, ...arbitrary, ...atEvents, ...atEvents.map((micros) => micros + 1)].map((micros) => ({
        entityId,
        micros,
      }));
    });
}

async function countRows(table: string): Promise<number> {
  const [row] = await world.store.databases.admin.rows<{ count: number }>({
    name: 'count_rows',
    text: `SELECT count(*)::int4 AS count FROM ${table}`,
  });
  return row?.count ?? Number.NaN;
}

async function knownByTheMiddle(): Promise<{ micros: number; known: Set<string> }> {
  const table = `${replayed.ctx.tenantId}.purchases_events`;
  const rows = await world.store.databases.admin.rows<{ id: string; micros: number }>({
    name: 'recorded',
    text: `SELECT event_id AS id, (extract(epoch FROM recorded_at) * 1000000)::float8 AS micros FROM ${table} ORDER BY recorded_at`,
  });
  const micros = rows[Math.floor(rows.length / 2)]?.micros ?? Number.NaN;
  return { micros, known: new Set(rows.filter((row) => row.micros <= micros).map(({ id }) => id)) };
}
