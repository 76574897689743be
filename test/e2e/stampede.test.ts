import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../support/feature-store.ts';
import { type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';

let stores: RealStores;
let local: LocalProcess;
beforeAll(async () => {
  stores = await startStores();
  local = await startLocal(stores.settings, { args: ['--no-seed'] });
  await registered('/api/v1/feature-views', {
    name: 'profile',
    entity_type: 'user',
    features: [{ name: 'age', dtype: 'int64' }],
  });
  await registered('/api/v1/stream-sources', {
    name: 'clicks',
    schema: { user_id: 'string', at: 'timestamp' },
    event_time: 'at',
  });
  await registered('/api/v1/feature-views', {
    name: 'clicking',
    entity_type: 'user',
    source: 'clicks',
    entity_key: 'user_id',
    aggregations: [{ name: 'clicks_24h', function: 'count', window: '24h' }],
  });
  const entities = ['one', 'two', 'three'];
  const written = await local.ingest('profile', Object.fromEntries(entities.map((id) => [id, { age: id.length }])));
  expect(written.status, written.text).toBe(200);
  const at = new Date(Date.now() - 60_000).toISOString();
  const sent = await local.post('/api/v1/events/clicks', { events: entities.map((user_id) => ({ user_id, at })) });
  expect(sent.status, sent.text).toBe(202);
  await until('the events are counted', 30_000, async () => {
    const counts = await Promise.all(entities.map((id) => local.read(id, ['clicks_24h'])));
    return counts.every(({ json }) => json.features.clicks_24h === 1);
  });
});
afterAll(async () => {
  await local?.stop();
  await stores?.stop();
});

const many = 1000;

test('1,000 reads at once of an entity that is not cached ask Postgres once', async () => {
  const answers = await stampede('read_latest', { entity_id: 'one', feature_names: ['age'] });
  for (const { json } of answers) expect(json.features).toEqual({ age: 3 });
});

test('1,000 reads at once of several such entities ask Postgres once', async () => {
  const answers = await stampede('read_latest', { entity_ids: ['one', 'two', 'three'], feature_names: ['age'] });
  for (const { json } of answers)
    expect(json.rows.map(({ values }: { values: unknown }) => values)).toEqual([[3], [3], [5]]);
});

test('1,000 reads at once of windows of such an entity ask Postgres once', async () => {
  const answers = await stampede('read_tiles', { entity_id: 'one', feature_names: ['clicks_24h'] });
  for (const { json } of answers) expect(json.features).toEqual({ clicks_24h: 1 });
});

test('1,000 reads at once of windows of several such entities ask Postgres once', async () => {
  const answers = await stampede('read_tiles', { entity_ids: ['one', 'two'], feature_names: ['clicks_24h'] });
  for (const { json } of answers)
    expect(json.rows.map(({ values }: { values: unknown }) => values)).toEqual([[1], [1]]);
});

/** Drops the entities from the cache and reads them all at once; expects one statement of Postgres. */
async function stampede(statement: string, body: object): Promise<Answer[]> {
  for (const id of ['one', 'two', 'three']) {
    expect((await local.request('DELETE', `/api/v1/cache/invalidate/${id}`)).status).toBe(200);
  }
  const before = await statements(statement);
  const answers = await Promise.all(Array.from({ length: many }, () => local.post('/api/v1/features/online', body)));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect((await statements(statement)) - before).toBe(1);
  // All is filled now.
  expect((await local.post('/api/v1/features/online', body)).status).toBe(200);
  expect((await statements(statement)) - before).toBe(1);
  return answers;
}

/** How many the process has made so far. */
async function statements(name: string): Promise<number> {
  const text = await (await fetch(`${local.url}/metrics`)).text();
  return Number(
    text.match(new RegExp(`^feature_store_db_query_duration_seconds_count\\{.*"${name}".*\\} (\\d+)`, 'm'))?.[1] ?? 0,
  );
}

async function registered(path: string, body: object): Promise<void> {
  const answer = await local.post(path, body);
  expect(answer.status, answer.text).toBe(201);
}
