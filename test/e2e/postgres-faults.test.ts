import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGate } from './gate.ts';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';

let stores: RealStores;
let before: LocalProcess;
beforeAll(async () => {
  stores = await startStores();
  before = await startLocal(stores.settings, { args: ['--no-seed'] });
});
afterAll(async () => {
  await before?.stop();
  await stores?.stop();
});

test('without Postgres the cache answers what it has, the rest is 503 by name, and all comes back by itself', async () => {
  for (const view of ['warm', 'cold']) {
    const feature = { name: `${view}_score`, dtype: 'int64' };
    const registered = await before.post('/api/v1/feature-views', {
      name: view,
      entity_type: 'user',
      features: [feature],
    });
    expect(registered.status, registered.text).toBe(201);
    const written = await before.ingest(view, { u1: { [feature.name]: 7 }, u2: { [feature.name]: 8 } });
    expect(written.status, written.text).toBe(200);
  }
  // u1 is cached by its write, u2 no more, and u3 never was.
  expect((await before.request('DELETE', '/api/v1/cache/invalidate/u2')).json.invalidated).toBe(true);

  await stores.postgres.kill();
  const after = await startLocal(stores.settings, { args: ['--no-seed'] });
  try {
    for (const local of [before, after]) await expectOnlyTheCache(local);
    await stores.postgres.start();
    for (const local of [before, after]) {
      await until('everything is answered again', 5000, () => answersEverything(local));
      expect(faultsLogged(local).filter((line) => !line.includes('postgres is unavailable'))).toEqual([]);
    }
  } finally {
    await after.stop();
  }
});

test('a Postgres that takes connections and says nothing is 503 in seconds too, and comes back by itself', async () => {
  const gate = await startGate(stores.postgres.port);
  const url = new URL(stores.postgres.url);
  url.port = String(gate.port);
  const local = await startLocal({ ...stores.settings, POSTGRES_URL: url.href }, { args: ['--no-seed'] });
  try {
    const feature = { name: 'hung_score', dtype: 'int64' };
    await local.post('/api/v1/feature-views', { name: 'hung', entity_type: 'user', features: [feature] });
    expect((await local.ingest('hung', { u1: { hung_score: 1 } })).status).toBe(200);
    // Leaves the reader a connection, which does not learn by itself that nobody hears it.
    expect((await local.read('nobody', ['hung_score'])).status).toBe(200);
    gate.hold();
    const startedAt = performance.now();
    const [cached, uncached, written] = await Promise.all([
      local.read('u1', ['hung_score']),
      local.read('u2', ['hung_score']),
      local.ingest('hung', { u1: { hung_score: 2 } }),
    ]);
    expect(cached.json.features).toEqual({ hung_score: 1 });
    expect(uncached.json).toMatchObject({ status: 503, code: 'unavailable', views: ['hung'] });
    expect(written.json).toMatchObject({ status: 503, code: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    gate.open();
    await until('it is read and written again', 5000, async () => {
      const [read, again] = [
        await local.read('u2', ['hung_score']),
        await local.ingest('hung', { u1: { hung_score: 3 } }),
      ];
      return read.status === 200 && again.status === 200;
    });
    expect((await local.read('u1', ['hung_score'])).json.features).toEqual({ hung_score: 3 });
  } finally {
    await local.stop();
    await gate.stop();
  }
});

async function expectOnlyTheCache(local: LocalProcess): Promise<void> {
  const cached = await local.read('u1', ['warm_score', 'cold_score']);
  expect(cached.status, cached.text).toBe(200);
  expect(cached.json.features).toEqual({ warm_score: 7, cold_score: 7 });

  const missing = await local.read('u2', ['warm_score', 'cold_score']);
  expect(missing.status).toBe(503);
  expect(missing.headers.get('content-type')).toBe('application/problem+json');
  expect(missing.json).toMatchObject({ status: 503, code: 'unavailable', views: ['warm', 'cold'] });

  const partial = await local.post('/api/v1/features/online', {
    entity_ids: ['u1', 'u3'],
    feature_names: ['warm_score', 'cold_score'],
    allow_partial: true,
  });
  expect(partial.status, partial.text).toBe(200);
  expect(partial.json.rows).toEqual([
    { entity_id: 'u1', values: [7, 7], statuses: ['PRESENT', 'PRESENT'] },
    { entity_id: 'u3', values: [null, null], statuses: ['UNAVAILABLE', 'UNAVAILABLE'] },
  ]);

  const ingested = await local.ingest('warm', { u4: { warm_score: 1 } });
  expect(ingested.status).toBe(503);
  expect(ingested.json).toMatchObject({ code: 'unavailable' });
  const batch = await readBatch(local);
  expect(batch.status).toBe(503);
  expect(batch.json).toMatchObject({ code: 'unavailable', views: ['warm'] });
  expect((await local.request('GET', '/health')).status).toBe(200);
  expect((await local.request('GET', '/health/ready')).status).toBe(503);
}

async function answersEverything(local: LocalProcess): Promise<boolean> {
  const read = await local.read('u2', ['warm_score', 'cold_score']);
  const batch = await readBatch(local);
  const written = await local.ingest('warm', { u5: { warm_score: 9 } });
  const ready = await local.request('GET', '/health/ready');
  if ([read, batch, written, ready].some(({ status }) => status !== 200)) return false;
  expect(read.json.features).toEqual({ warm_score: 8, cold_score: 8 });
  expect(batch.json.rows[0].features).toEqual({ warm_score: 7 });
  expect((await local.read('u5', ['warm_score'])).json.features).toEqual({ warm_score: 9 });
  return true;
}

function readBatch(local: LocalProcess) {
  return local.post('/api/v1/features/batch', {
    entity_ids: ['u1'],
    feature_names: ['warm_score'],
    timestamp: new Date().toISOString(),
  });
}
