import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { day, maintainNow, stateOf } from './storage-setup.ts';

/** Long enough for any partition or chunk with a row of `start` to lie beyond 90 days of retention. */
const later = start + 200 * day;

describe('Retention', () => {
  let world: World;
  // Of its own for each test, whose time goes forward.
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.store.close());

  const rowsOf = async (view: string): Promise<number> => (await stateOf(world, view)).rows.length;

  test('drops rows that are older than the view keeps and leaves the younger', async () => {
    const view = await world.view(['a'], { retention_days: 90 });
    await world.write(view, [
      ['u', start, { a: 1 }],
      ['v', start, { a: 2 }],
    ]);
    world.clock.set(later);
    await world.write(view, [['u', later - hour, { a: 3 }]]);
    const report = await maintainNow(world);
    expect(report.dropped).toBe(1);
    expect(report.carried).toBe(2);
    expect(await rowsOf(view)).toBe(1);
    expect(await maintainNow(world)).toMatchObject({ dropped: 0, carried: 0 });
  });

  test('keeps all where retention_days is 0, and rows exactly as old as the view keeps', async () => {
    const all = await world.view(['a'], { retention_days: 0 });
    const some = await world.view(['a'], { retention_days: 90 });
    for (const view of [all, some]) await world.write(view, [['u', start, { a: 1 }]]);
    world.clock.set(start + 90 * day);
    await maintainNow(world);
    expect([await rowsOf(all), await rowsOf(some)]).toEqual([1, 1]);
    world.clock.set(later);
    await maintainNow(world);
    expect([await rowsOf(all), await rowsOf(some)]).toEqual([1, 0]);
  });

  test('refuses a row older than the view keeps when it comes', async () => {
    const view = await world.view(['a'], { retention_days: 90 });
    world.clock.arriveAt(start);
    const { status, json } = await world.ingest(view, [['u', start - 90 * day - 1, { a: 1 }]]);
    expect([status, json.rejected[0].code]).toEqual([422, 'event_time_beyond_retention']);
    world.clock.arriveAt(start);
    await world.write(view, [['u', start - 90 * day, { a: 1 }]]);
  });

  test('the latest row of an entity stays answerable, online and as of now, whatever its age', async () => {
    const view = await world.view(['a'], { retention_days: 90 });
    await world.write(view, [['u', start, { a: 1 }]]);
    await world.write(view, [['u', start - hour, { a: 0 }]]);
    world.clock.set(later);
    await maintainNow(world);
    expect(await world.online('u', `${view}:a`)).toEqual(['PRESENT', 1]);
    expect(await world.asOf('u', `${view}:a`, later)).toEqual(['PRESENT', 1]);
    expect(await world.asOf('u', `${view}:a`, start)).toEqual(['PRESENT', 1]);
    await world.store.request('DELETE', '/api/v1/cache/invalidate/u');
    expect(await world.online('u', `${view}:a`)).toEqual(['PRESENT', 1]);
  });

  test('a dropped row is still the answer as of each time from the horizon to the next row of its entity', async () => {
    const view = await world.view(['a'], { retention_days: 90 });
    await world.write(view, [
      ['u', start - hour, { a: 0 }],
      ['u', start, { a: 1 }],
      ['v', start, { a: 9 }],
    ]);
    world.clock.set(later);
    await world.write(view, [['u', later - hour, { a: 2 }]]);
    await maintainNow(world);
    expect(await world.asOf('u', `${view}:a`, later)).toEqual(['PRESENT', 2]);
    expect(await world.asOf('u', `${view}:a`, later - hour)).toEqual(['PRESENT', 2]);
    expect(await world.asOf('u', `${view}:a`, later - hour - 1)).toEqual(['PRESENT', 1]);
    expect(await world.asOf('u', `${view}:a`, later - 90 * day)).toEqual(['PRESENT', 1]);
    expect(await world.asOf('v', `${view}:a`, later - hour)).toEqual(['PRESENT', 9]);
    expect(await world.asOf('w', `${view}:a`, later)).toEqual(['NOT_FOUND', null]);
  });

  test('each drop keeps the newest of all that were dropped', async () => {
    const view = await world.view(['a'], { retention_days: 90 });
    await world.write(view, [['u', start, { a: 1 }]]);
    world.clock.set(start + 80 * day);
    await world.write(view, [
      ['u', start + 80 * day, { a: 2 }],
      ['v', start + 80 * day, { a: 3 }],
    ]);
    world.clock.set(start + 150 * day);
    await maintainNow(world);
    await world.write(view, [['u', start + 150 * day, { a: 4 }]]);
    expect(await world.asOf('u', `${view}:a`, start + 70 * day)).toEqual(['PRESENT', 1]);
    expect(await world.asOf('u', `${view}:a`, start + 149 * day)).toEqual(['PRESENT', 2]);
    world.clock.set(start + 230 * day);
    expect((await maintainNow(world)).dropped).toBeGreaterThanOrEqual(1);
    expect(await world.asOf('u', `${view}:a`, start + 149 * day)).toEqual(['PRESENT', 2]);
    expect(await world.asOf('v', `${view}:a`, start + 149 * day)).toEqual(['PRESENT', 3]);
  });

  test('what was known then of a dropped row is known still', async () => {
    const view = await world.view(['a'], { retention_days: 90 });
    await world.write(view, [['u', start, { a: 1 }]]);
    const before = formatMicros(Date.now() * 1000 - 3600 * 1_000_000);
    const after = formatMicros(Date.now() * 1000 + 3600 * 1_000_000);
    world.clock.set(later);
    await maintainNow(world);
    expect(await world.asOf('u', `${view}:a`, later, after)).toEqual(['PRESENT', 1]);
    expect(await world.asOf('u', `${view}:a`, later, before)).toEqual(['NOT_FOUND', null]);
  });

  test('a dropped row keeps the values of every dtype, and lacks the features added after it', async () => {
    const values = {
      float64: -1.7976931348623157e308,
      float32: 0.1,
      int64: '9223372036854775807',
      int32: -2147483648,
      string: 'ä"\\\u{1F600}',
      bool: false,
      timestamp: '0001-01-01T00:00:00.000001Z',
      json: { a: [null, 1.5, 'x'] },
      bytes: 'AP+A',
      'float64[]': [5e-324, -0.5],
      'float32[]': [3.4028235e38],
      'int64[]': ['-9223372036854775808', 1],
      'string[]': ['', 'NULL', '{,}"'],
    };
    const nameOf = (dtype: string): string => `f_${dtype.replace('[]', '_list')}`;
    const features = Object.keys(values).map((dtype) => ({ name: nameOf(dtype), dtype }));
    const view = await world.view(features, { retention_days: 90 });
    const row = Object.fromEntries(Object.entries(values).map(([dtype, value]) => [nameOf(dtype), value]));
    await world.write(view, [
      ['u', start, row],
      ['v', start, {}],
    ]);
    const ask = async (): Promise<unknown> => {
      const { json } = await world.store.post('/api/v1/features/batch', {
        entity_rows: ['u', 'v'].map((entity_id) => ({ entity_id, timestamp: formatMicros(later - 2 * hour) })),
        feature_names: features.map(({ name }) => `${view}:${name}`),
      });
      return json.rows;
    };
    world.clock.set(later - hour);
    // Newer rows, so that it is not the latest one that answers.
    await world.write(view, [
      ['u', later - hour, {}],
      ['v', later - hour, {}],
    ]);
    world.clock.set(later);
    const before = await ask();
    const body = {
      name: view,
      entity_type: 'user',
      retention_days: 90,
      features: [...features, { name: 'added', dtype: 'int64' }],
    };
    expect((await world.store.post('/api/v1/feature-views', body)).status).toBe(201);
    await maintainNow(world);
    expect(await rowsOf(view)).toBe(2);
    expect(await ask()).toEqual(before);
    expect(await world.asOf('u', `${view}:added`, later - 2 * hour)).toEqual(['NOT_FOUND', null]);
  });

  test('an answer as of a time before the horizon carries a warning', async () => {
    const view = await world.view(['a'], { retention_days: 90 });
    await world.write(view, [['u', start, { a: 1 }]]);
    world.clock.set(later);
    await maintainNow(world);
    const ask = (timestamp: string) =>
      world.store.post('/api/v1/features/batch', { entity_ids: ['u'], feature_names: [`${view}:a`], timestamp });
    const horizon = formatMicros(later - 90 * day);
    const { json } = await ask(formatMicros(later - 90 * day - 1));
    expect(json.warnings).toEqual([{ code: 'beyond_retention', view, horizon }]);
    expect((await ask(horizon)).json).not.toHaveProperty('warnings');
  });

  test('versions over one table keep what the longest of them keeps', async () => {
    const view = await world.view(['a'], { retention_days: 300 });
    await world.write(view, [['u', start, { a: 1 }]]);
    const next = {
      name: view,
      entity_type: 'user',
      ttl_hours: 48,
      retention_days: 90,
      features: [{ name: 'a', dtype: 'int64' }],
    };
    expect((await world.store.post('/api/v1/feature-views', next)).json.version).toBe(2);
    world.clock.set(later);
    await maintainNow(world);
    expect(await rowsOf(view)).toBe(1);
    world.clock.set(start + 350 * day);
    await maintainNow(world);
    expect(await rowsOf(view)).toBe(0);
  });
});
