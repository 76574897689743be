import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { featureViewRoutes } from '../../../shared/contract/feature-views.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { caches } from '../../support/lane.ts';
import { answerOf } from './answer-of.ts';

const mostBytes = 1_048_576;
const settings = { ANSWER_MAX_BYTES: String(mostBytes) };
const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const online = '/api/v1/features/online';
const batch = '/api/v1/features/batch';
const names = Array.from({ length: 60 }, (_, index) => `text_${index}`);
const texts = { name: 'texts', entity_type: 'user', features: names.map((name) => ({ name, dtype: 'string' })) };
/** Values of so many characters, in texts of at most 64 KiB. */
const valuesOf = (characters: number): Record<string, string> =>
  Object.fromEntries(
    names
      .map((name, index) => [name, 'x'.repeat(Math.max(0, Math.min(65_000, characters - index * 65_000)))] as const)
      .filter(([, text]) => text !== ''),
  );

async function write(store: TestFeatureStore, view: string, rows: readonly object[]): Promise<void> {
  const answer = await store.post('/api/v1/features/ingest', { view, rows });
  expect(answer.json, answer.text.slice(0, 500)).toEqual({ accepted: rows.length, rejected: [] });
}

function expectTooLarge({ status, json }: { status: number; json: unknown }): void {
  expect(json).toMatchObject({
    status: 413,
    code: 'payload_too_large',
    detail: expect.stringMatching(/1048576 bytes/),
  });
  expect(status).toBe(413);
}

describe.each(caches)('answers of at most 1 MiB, with cache %s', (cache) => {
  let store: TestFeatureStore;
  beforeAll(async () => {
    store = await createFeatureStore({ cache, settings });
    await store.post('/api/v1/feature-views', texts);
  });
  afterAll(() => store.close());

  test.each([
    ['one entity', online, { entity_id: 'e', include_metadata: false }],
    ['a list of entities', online, { entity_ids: ['e'], include_metadata: false }],
    ['a point-in-time read', batch, { entity_rows: [{ entity_id: 'e', timestamp: secondsAgo(0) }] }],
  ])('of %s may have 1 MiB and not a byte more', async (_, path, body) => {
    const read = async (characters: number) => {
      await write(store, 'texts', [
        // In the past of each read, and each newer than the one before.
        { entity_id: 'e', event_time: secondsAgo(3600 - sequence++), values: valuesOf(characters) },
      ]);
      return store.post(path, { ...body, feature_names: names });
    };
    // In 17 texts, as many as up to the limit.
    const near = await read(1_041_000);
    expect(near.status).toBe(200);
    const characters = 1_041_000 + (mostBytes - near.text.length);
    const full = await read(characters);
    expect(full.status).toBe(200);
    expect(full.text.length).toBe(mostBytes);
    expectTooLarge(await read(characters + 1));
  });

  test('are counted in bytes', async () => {
    const euros = Object.fromEntries(names.slice(0, 12).map((name) => [name, '€'.repeat(21_000)]));
    await write(store, 'texts', [{ entity_id: 'euros', event_time: secondsAgo(60), values: euros }]);
    const read = (feature_names: readonly string[]) =>
      store.post(online, { entity_ids: ['euros', 'euros'], feature_names });
    const taken = await read(names.slice(0, 8));
    expect(taken.status).toBe(200);
    expect(Buffer.byteLength(taken.text)).toBeGreaterThan(taken.text.length * 2.9);
    expectTooLarge(await read(names.slice(0, 9)));
  });

  test('are refused at once where an entity with 1 MiB of texts is asked a thousand times', async () => {
    await write(store, 'texts', [{ entity_id: 'wide', event_time: secondsAgo(60), values: valuesOf(16 * 65_000) }]);
    const entity_ids = new Array(1000).fill('wide');
    const startedAt = performance.now();
    expectTooLarge(await store.post(online, { entity_ids, feature_names: names }));
    expectTooLarge(await store.post(batch, { entity_ids, feature_names: names, timestamp: secondsAgo(0) }));
    expect(performance.now() - startedAt).toBeLessThan(2000);
    // What is short of it is answered each time.
    const { status, json } = await store.post(online, { entity_ids, feature_names: ['text_59'] });
    expect(status).toBe(200);
    expect(json.rows).toEqual(new Array(1000).fill({ entity_id: 'wide', values: [null], statuses: ['NULL_VALUE'] }));
  });
});

let sequence = 0;

describe.each(caches.filter((cache) => cache !== 'memory'))('forty megabytes of rows, with cache %s', (cache) => {
  const many = 400;
  let store: TestFeatureStore;
  beforeAll(async () => {
    store = await createFeatureStore({ cache, settings });
    const features = [
      { name: 'number', dtype: 'int64' },
      { name: 'long', dtype: 'string', ttl_hours: 2 },
      { name: 'other', dtype: 'string' },
    ];
    await store.post('/api/v1/feature-views', { name: 'wide', entity_type: 'user', features });
    for (let first = 0; first < many; first += 25) {
      await write(
        store,
        'wide',
        Array.from({ length: 25 }, (_, index) => ({
          entity_id: `u${first + index}`,
          event_time: secondsAgo(3600 * (first < 200 ? 3 : 1)),
          values: { number: first + index, long: 'l'.repeat(50_000), other: 'o'.repeat(50_000) },
        })),
      );
    }
  });
  afterAll(() => store.close());

  /** All of them, those first that come last, some twice and some that are not there. */
  const asked = Array.from({ length: many }, (_, index) => `u${many - 1 - index}`).flatMap((id, index) =>
    index % 7 === 0 ? [id, `nobody${index}`, id] : [id],
  );
  const numberOf = (id: string): number | null => (id.startsWith('u') ? Number(id.slice(1)) : null);

  test('answer one number of each, whatever else the rows hold', async () => {
    const feature_names = ['number', 'wide@1:number'];
    const expected = asked.map((id) => numberOf(id));
    const now = await store.post(online, { entity_ids: asked, feature_names });
    expect(now.status).toBe(200);
    expect(now.json.rows.map((row: { values: unknown[] }) => row.values[0])).toEqual(expected);
    expect(now.json.rows.map((row: { values: unknown[] }) => row.values[1])).toEqual(expected);
    const then = await store.post(batch, { entity_ids: asked, feature_names, timestamp: secondsAgo(0) });
    expect(then.json.rows.map((row: { features: { number: unknown } }) => row.features.number)).toEqual(expected);
  });

  test('are refused where too much of them is asked for', async () => {
    for (const feature_names of [['other'], ['number', 'long']]) {
      expectTooLarge(await store.post(online, { entity_ids: asked, feature_names }));
      expectTooLarge(await store.post(batch, { entity_ids: asked, feature_names, timestamp: secondsAgo(0) }));
    }
  });

  test('are not refused for values out of their TTL, which no answer has', async () => {
    const old = Array.from({ length: 200 }, (_, index) => `u${index}`);
    const [feature_names, timestamp] = [['long', 'number'], secondsAgo(0)];
    const now = await store.post(online, { entity_ids: old, feature_names });
    const then = await store.post(batch, { entity_ids: old, feature_names, timestamp });
    expect(now.json.rows).toEqual(
      old.map((id) => ({ entity_id: id, values: [null, numberOf(id)], statuses: ['OUTSIDE_MAX_AGE', 'PRESENT'] })),
    );
    expect(then.json.rows).toEqual(
      old.map((id) => ({
        entity_id: id,
        timestamp,
        features: { long: null, number: numberOf(id) },
        statuses: { long: 'OUTSIDE_MAX_AGE', number: 'PRESENT' },
      })),
    );
  });
});

describe('a list', () => {
  let store: TestFeatureStore;
  beforeAll(async () => {
    store = await createFeatureStore({ settings });
    for (const name of ['a', 'b', 'c']) {
      const features = Array.from({ length: 100 }, (_, index) => ({
        name: `${name}_${index}`,
        dtype: 'int64',
        description: 'd'.repeat(4000),
      }));
      expect((await store.post('/api/v1/feature-views', { name, entity_type: 'user', features })).status).toBe(201);
    }
  });
  afterAll(() => store.close());

  test('over 1 MiB is refused, and answered page by page with a smaller limit', async () => {
    expectTooLarge(await store.get('/api/v1/feature-views'));
    expectTooLarge(await store.get('/api/v1/features?limit=1000'));
    const page = answerOf(featureViewRoutes.listViews, 200, await store.get('/api/v1/feature-views?limit=2'));
    expect(page.feature_views.map(({ name }: { name: string }) => name)).toEqual(['a', 'b']);
    expect((await store.get('/api/v1/features')).status).toBe(200);
  });
});
