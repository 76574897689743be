import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

test.each([
  ['string', 'x'.repeat(65_000), 16],
  ['string[]', ['x'.repeat(65_000), 'x'.repeat(65_000)], 8],
  ['json', { text: 'x'.repeat(65_000) }, 16],
  ['bytes', Buffer.alloc(65_000).toString('base64'), 12],
] as const)(
  'of 60 features of dtype %s a row may hold 1 MiB, and the one that holds more is refused alone',
  async (dtype, value, most) => {
    const view = `v_${dtype.replace('[]', 's')}`;
    const names = Array.from({ length: 60 }, (_, index) => `${view}_${index}`);
    const features = names.map((name) => ({ name, dtype }));
    expect((await store.post('/api/v1/feature-views', { name: view, entity_type: 'user', features })).status).toBe(201);

    const event_time = new Date().toISOString();
    const row = (entity_id: string, count: number) => ({
      entity_id,
      event_time,
      values: Object.fromEntries(names.slice(0, count).map((name) => [name, value])),
    });
    const rows = [row('most', most), row('over', most + 1), row('few', 1)];
    const ingested = await store.post('/api/v1/features/ingest', { view, rows });
    expect(ingested.json).toEqual({
      accepted: 2,
      rejected: [{ index: 1, code: 'too_long', detail: 'values: together over 1048576 bytes as JSON text' }],
    });
    const read = await store.post('/api/v1/features/online', {
      entity_ids: ['most', 'over', 'few'],
      feature_names: names,
    });
    expect(read.status).toBe(200);
    const [first, second, third] = read.json.rows;
    expect(first.values).toEqual(names.map((_, index) => (index < most ? value : null)));
    expect(new Set(second.statuses)).toEqual(new Set(['NOT_FOUND']));
    expect(third.values[0]).toEqual(value);
  },
);

test('a row of 60 texts of 65,000 characters is refused', async () => {
  const line = {
    entity_id: 'e',
    event_time: new Date().toISOString(),
    values: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`v_string_${index}`, 'x'.repeat(65_000)])),
  };
  const answer = await store.request('POST', '/api/v1/features/ingest?view=v_string', {
    rawBody: `\ufeff${JSON.stringify(line)}\n{}`,
    headers: { 'content-type': 'application/x-ndjson' },
  });
  expect(answer.status).toBe(422);
  expect(answer.json.rejected.map(({ code }: { code: string }) => code)).toEqual(['too_long', 'invalid_entity_id']);
});

test('a body may begin with a byte order mark', async () => {
  const line = { entity_id: 'marked', event_time: new Date().toISOString(), values: { v_string_0: 'a' } };
  const ndjson = await store.request('POST', '/api/v1/features/ingest?view=v_string', {
    rawBody: `\ufeff${JSON.stringify(line)}`,
    headers: { 'content-type': 'application/x-ndjson' },
  });
  expect(ndjson.json).toEqual({ accepted: 1, rejected: [] });
  const json = await store.request('POST', '/api/v1/features/online', {
    rawBody: `\ufeff${JSON.stringify({ entity_id: 'marked', feature_names: ['v_string_0'] })}`,
  });
  expect(json.json.features).toEqual({ v_string_0: 'a' });
});
