import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createRespCache, guardCache, type OnlineCache } from '../../../shared/cache/index.ts';
import { FeatureStoreError } from '../../../shared/contract/errors.ts';
import { onlineRequestSchema } from '../../../shared/contract/online.ts';
import { createReadOnline } from '../../../shared/online/index.ts';
import { httpAnswerLimit } from '../../../shared/platform/answer-limit.ts';
import { createSystemClock } from '../../../shared/platform/clock.ts';
import type { Database } from '../../../shared/platform/database.ts';
import { createPostgres } from '../../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { freePort } from '../../support/free-port.ts';

/** Of each call of the cache's read, how many entities and rows it asked for. */
let trips: { entities: number; rows: number }[] = [];
let store: TestFeatureStore;
const closed: { close(): Promise<void> }[] = [];
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);

beforeAll(async () => {
  const cache = guardCache(
    createRespCache({ url: inject('redisUrl'), ttlSeconds: 3600, generation: 1, timeoutMillis: 1000 }),
  );
  const counted: OnlineCache = {
    ...cache,
    read: (reads, along) => {
      trips.push({ entities: reads.length, rows: reads.flatMap(({ fields }) => fields).length });
      return cache.read(reads, along);
    },
  };
  store = await createFeatureStore({ replace: { cache: counted } });
  for (const view of ['a', 'b', 'c']) {
    const features = [{ name: view, dtype: 'int64' }];
    await store.post('/api/v1/feature-views', { name: view, entity_type: 'user', features });
    const event_time = new Date(Date.now() - 60_000).toISOString();
    const rows = ids(1000).map((entity_id, index) => ({ entity_id, event_time, values: { [view]: index } }));
    expect((await store.post('/api/v1/features/ingest', { view, rows })).status).toBe(200);
  }
});
afterAll(async () => {
  await store.close();
  await Promise.all(closed.map((resource) => resource.close()));
});

async function tripsOf(entity_ids: readonly string[], feature_names: readonly string[]) {
  trips = [];
  const { status, json } = await store.post('/api/v1/features/online', { entity_ids, feature_names });
  expect(status).toBe(200);
  const expected = entity_ids.map((id) => feature_names.map(() => Number(id.slice(1))));
  expect(json.rows.map((row: { values: unknown }) => row.values)).toEqual(expected);
  return trips;
}

test('up to 256 rows of numbers are read in one trip to the cache from the first on, of one view and of several', async () => {
  expect(await tripsOf(ids(100), ['a'])).toEqual([{ entities: 100, rows: 100 }]);
  expect(await tripsOf(ids(256), ['a'])).toEqual([{ entities: 256, rows: 256 }]);
  expect(await tripsOf(ids(85), ['a', 'b', 'c'])).toEqual([{ entities: 85, rows: 255 }]);
});

test('more are read in some trips, one entity in two of them where its views do not fit', async () => {
  expect(await tripsOf(ids(1000), ['a'])).toEqual([256, 256, 256, 232].map((rows) => ({ entities: rows, rows })));
  expect(await tripsOf(ids(100), ['a', 'b', 'c'])).toEqual([
    { entities: 86, rows: 256 },
    { entities: 15, rows: 44 },
  ]);
});

test('an entity asked a thousand times is read once', async () => {
  expect(await tripsOf(new Array(1000).fill('u7'), ['a', 'b'])).toEqual([{ entities: 1, rows: 2 }]);
});

/** The same store's reads with another cache or database. */
function readWith(replaced: { cache?: OnlineCache; database?: Database }) {
  const readOnline = createReadOnline({
    registries: store.core.registries,
    cache: store.cache,
    database: store.databases.reader,
    clock: createSystemClock(),
    telemetry: silentTelemetry,
    answerLimit: httpAnswerLimit(10_000_000),
    ...replaced,
  });
  return async (entity_ids: readonly string[], more: object = {}) => {
    const request = onlineRequestSchema.parse({ entity_ids, feature_names: ['a', 'b'], ...more });
    return JSON.parse((await readOnline(store.tenant.ctx, request)).text);
  };
}

test('a cache that is away is asked once a request, and Postgres answers all trips', async () => {
  const cache = createRespCache({ url: `redis://127.0.0.1:${await freePort()}`, ttlSeconds: 60, generation: 1 });
  closed.push(cache);
  let asked = 0;
  const counted: OnlineCache = {
    ...cache,
    read: (reads, along) => {
      asked++;
      return cache.read(reads, along);
    },
  };
  const { rows } = await readWith({ cache: counted })(ids(500));
  expect(rows.map(({ values }: { values: unknown }) => values)).toEqual(ids(500).map((_, index) => [index, index]));
  expect(asked).toBe(1);
});

test('while Postgres is away the cache answers what it has in every trip, and the rest is told apart or refused with its views', async () => {
  const url = `postgres://127.0.0.1:${await freePort()}/nothing`;
  const database = createPostgres({ url, maxPool: 1, telemetry: silentTelemetry });
  closed.push(database);
  const read = readWith({ database });
  const lost = new Set(['u3', 'u200', 'u499']);
  for (const id of lost) await store.cache.invalidate(store.tenant.ctx.tenantId, 'user', id);

  const partial = await read(ids(500), { allow_partial: true });
  for (const [index, { entity_id, values, statuses }] of partial.rows.entries()) {
    const isLost = lost.has(entity_id);
    expect([values, statuses]).toEqual([
      isLost ? [null, null] : [index, index],
      new Array(2).fill(isLost ? 'UNAVAILABLE' : 'PRESENT'),
    ]);
  }
  const refused = await read(ids(500)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(FeatureStoreError);
  expect(refused).toMatchObject({ code: 'unavailable', members: { views: ['a', 'b'] } });
  expect((await read(ids(200).slice(4))).rows).toHaveLength(196);
});

test('rows of a view that may be large are read few at once until they prove small, and few again once they prove large', async () => {
  const features = ['list', 'other'].map((name) => ({ name, dtype: 'string[]' }));
  await store.post('/api/v1/feature-views', { name: 'lists', entity_type: 'user', features });
  const write = async (secondsAgo: number, ofEach: readonly string[]) => {
    const event_time = new Date(Date.now() - secondsAgo * 1000).toISOString();
    // Four rows of 1 MiB are what a body holds.
    for (let first = 0; first < 20; first += 4) {
      const rows = ids(20)
        .slice(first, first + 4)
        .map((entity_id) => ({ entity_id, event_time, values: { list: ['a'], other: ofEach } }));
      expect((await store.post('/api/v1/features/ingest', { view: 'lists', rows })).status).toBe(200);
    }
  };
  const sizes = async () => {
    trips = [];
    const asked = { entity_ids: ids(20), feature_names: ['list'] };
    const { json } = await store.post('/api/v1/features/online', asked);
    expect(json.rows).toEqual(ids(20).map((entity_id) => ({ entity_id, values: [['a']], statuses: ['PRESENT'] })));
    return trips.map(({ rows }) => rows);
  };
  await write(120, ['short']);
  expect(await sizes()).toEqual([16, 4]);
  expect(await sizes()).toEqual([20]);
  await write(60, new Array(15).fill('x'.repeat(60_000)));
  expect(await sizes()).toEqual([20]);
  expect(await sizes()).toEqual([18, 2]);
});
