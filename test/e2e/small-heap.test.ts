import { afterAll, beforeAll, expect, test } from 'vitest';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores } from './local-process.ts';

const names = Array.from({ length: 60 }, (_, index) => `text_${index}`);
const text = 'x'.repeat(65_000);
/** Of 1 MiB each, and so more than the heap. */
const entities = Array.from({ length: 300 }, (_, index) => `u${index}`);

let stores: RealStores;
let local: LocalProcess;
beforeAll(async () => {
  stores = await startStores();
  local = await startLocal(stores.settings, { args: ['--no-seed'], nodeArgs: ['--max-old-space-size=256'] });
  const features = [{ name: 'number', dtype: 'int64' }, ...names.map((name) => ({ name, dtype: 'string' }))];
  await local.post('/api/v1/feature-views', { name: 'wide', entity_type: 'user', features });
});
afterAll(async () => {
  await local?.stop();
  await stores?.stop();
});

const valuesOf = (number: number, texts: number) => ({
  number,
  ...Object.fromEntries(names.slice(0, texts).map((name) => [name, text])),
});

test('a row of 60 texts of 65,000 characters is refused', async () => {
  const { status, json } = await local.ingest('wide', { u0: valuesOf(0, 60) });
  expect(status).toBe(422);
  expect(json.rejected).toMatchObject([{ code: 'too_long' }]);
});

test('with a heap of 256 MB a process reads 300 rows of 1 MiB, and refuses what is too large to answer', async () => {
  for (let first = 0; first < entities.length; first += 4) {
    const rows = entities.slice(first, first + 4).map((id, index) => [id, valuesOf(first + index, 15)] as const);
    const written = await local.ingest('wide', Object.fromEntries(rows));
    expect(written.json, written.text).toEqual({ accepted: 4, rejected: [] });
  }
  const read = {
    online: (entity_ids: readonly string[], feature_names: readonly string[]) =>
      local.post('/api/v1/features/online', { entity_ids, feature_names }),
    batch: (entity_ids: readonly string[], feature_names: readonly string[]) =>
      local.post('/api/v1/features/batch', { entity_ids, feature_names, timestamp: new Date().toISOString() }),
  };
  for (const reads of Object.values(read)) {
    const startedAt = performance.now();
    const again = await reads(new Array(1000).fill('u0'), names);
    expect(again.json).toMatchObject({ status: 413, code: 'payload_too_large' });
    expect(performance.now() - startedAt).toBeLessThan(2000);

    expect((await reads(entities, names)).json).toMatchObject({ status: 413, code: 'payload_too_large' });
    const numbers = await reads(entities, ['number']);
    expect(numbers.status, numbers.text.slice(0, 500)).toBe(200);
    expect(
      numbers.json.rows.map((row: { values?: unknown[]; features?: object }) => row.values ?? row.features),
    ).toEqual(entities.map((_, index) => (reads === read.online ? [index] : { number: index })));
  }
  expect((await local.request('GET', '/health')).status).toBe(200);
  expect(faultsLogged(local)).toEqual([]);
});
