import { expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { describeEachCache, hour, type Said, second, start, ttlOf, type World } from './semantics-setup.ts';

/** Section 1, rules 3 to 6: what the answer row says. */
describeEachCache('The status', (world) => {
  /** Expects both reads, as of a moment, to say the same. */
  async function expectBoth(name: string, entityId: string, micros: number, said: Said): Promise<void> {
    const { clock, online, asOf } = world();
    clock.set(micros);
    expect(await online(entityId, name), `online at ${formatMicros(micros)}`).toEqual(said);
    expect(await asOf(entityId, name, micros), `as of ${formatMicros(micros)}`).toEqual(said);
  }

  test('no candidate: NOT_FOUND, value null', async () => {
    const { view, write } = world();
    const name = await view(['a']);
    await write(name, [['u', start - 1, { a: 1 }]]);
    await expectBoth(`${name}:a`, 'v', start, ['NOT_FOUND', null]);
    await expectBoth(`${name}:a`, 'u', start - 2, ['NOT_FOUND', null]);
  });

  test('if t - event_time > ttl, then OUTSIDE_MAX_AGE, value null; exactly ttl old is still present, to the microsecond', async () => {
    const { view, write } = world();
    const ttl = 90 * second + 7;
    const name = await view(['a'], { ttl_hours: ttlOf(ttl) });
    await write(name, [['u', start + 3, { a: 1 }]]);
    await expectBoth(`${name}:a`, 'u', start + 3 + ttl - 1, ['PRESENT', 1]);
    await expectBoth(`${name}:a`, 'u', start + 3 + ttl, ['PRESENT', 1]);
    await expectBoth(`${name}:a`, 'u', start + 3 + ttl + 1, ['OUTSIDE_MAX_AGE', null]);
  });

  test('a ttl of one microsecond is one microsecond', async () => {
    const { view, write } = world();
    const name = await view(['a'], { ttl_hours: ttlOf(1) });
    await write(name, [['u', start, { a: 1 }]]);
    await expectBoth(`${name}:a`, 'u', start, ['PRESENT', 1]);
    await expectBoth(`${name}:a`, 'u', start + 1, ['PRESENT', 1]);
    await expectBoth(`${name}:a`, 'u', start + 2, ['OUTSIDE_MAX_AGE', null]);
  });

  test("the TTL is the feature's, else the view's, also where the feature's is the longer one", async () => {
    const { view, write } = world();
    const features = [
      { name: 'shorter', dtype: 'int64', ttl_hours: 1 },
      { name: 'longer', dtype: 'int64', ttl_hours: 3 },
      { name: 'plain', dtype: 'int64' },
    ];
    const name = await view(features, { ttl_hours: 2 });
    await write(name, [['u', start, { shorter: 1, longer: 2, plain: 3 }]]);
    for (const [feature, hours, value] of [
      ['shorter', 1, 1],
      ['longer', 3, 2],
      ['plain', 2, 3],
    ] as const) {
      await expectBoth(`${name}:${feature}`, 'u', start + hours * hour, ['PRESENT', value]);
      await expectBoth(`${name}:${feature}`, 'u', start + hours * hour + 1, ['OUTSIDE_MAX_AGE', null]);
    }
  });

  test('a feature with a TTL in a view without one has its own, and the others none', async () => {
    const { view, write } = world();
    const name = await view([{ name: 'a', dtype: 'int64', ttl_hours: 1 }, 'b']);
    await write(name, [['u', start, { a: 1, b: 2 }]]);
    await expectBoth(`${name}:a`, 'u', start + hour + 1, ['OUTSIDE_MAX_AGE', null]);
    await expectBoth(`${name}:b`, 'u', start + 100_000 * hour, ['PRESENT', 2]);
  });

  test('out of TTL is the newest row alone: an older one is never taken in its place', async () => {
    const { view, write } = world();
    const name = await view(['a'], { ttl_hours: 1 });
    await write(name, [
      ['u', start, { a: 1 }],
      ['u', start + 1, { a: null }],
    ]);
    await expectBoth(`${name}:a`, 'u', start + 1 + hour, ['NULL_VALUE', null]);
    await expectBoth(`${name}:a`, 'u', start + 2 + hour, ['OUTSIDE_MAX_AGE', null]);
  });

  test('the row has null for f: NULL_VALUE, whether it said null or left the feature out', async () => {
    const { view, write } = world();
    const name = await view(['a', 'b']);
    await write(name, [
      ['said', start, { a: null, b: 1 }],
      ['left', start, { b: 1 }],
      ['none', start, {}],
    ]);
    for (const entityId of ['said', 'left', 'none'])
      await expectBoth(`${name}:a`, entityId, start, ['NULL_VALUE', null]);
  });

  test('a row written before f was added to the version: NOT_FOUND, and NULL_VALUE after', async () => {
    const { view, write, store } = world();
    const name = await view(['a']);
    await write(name, [
      ['u', start, { a: 1 }],
      ['w', start, { a: 1 }],
    ]);
    await expectBoth(`${name}:a`, 'u', start, ['PRESENT', 1]);
    await addFeature(world(), name);
    await write(name, [['w', start + 1, { a: 2 }]]);
    await expectBoth(`${name}:b`, 'u', start + 1, ['NOT_FOUND', null]);
    await expectBoth(`${name}:b`, 'w', start, ['NOT_FOUND', null]);
    await expectBoth(`${name}:b`, 'w', start + 1, ['NULL_VALUE', null]);
    for (const entityId of ['u', 'w']) await store.request('DELETE', `/api/v1/cache/invalidate/${entityId}`);
    await expectBoth(`${name}:b`, 'u', start + 1, ['NOT_FOUND', null]);
    await expectBoth(`${name}:b`, 'w', start + 1, ['NULL_VALUE', null]);
    await expectBoth(`${name}:a`, 'u', start + 1, ['PRESENT', 1]);
  });

  test('a row written through an older version of the table before which f was not there: NOT_FOUND in the newer', async () => {
    const { view, write } = world();
    const name = await view(['a']);
    await addFeature(world(), name, { ttl_hours: 1 });
    await write(`${name}@1`, [['u', start, { a: 1 }]]);
    await write(`${name}@2`, [['w', start, { a: 2 }]]);
    await expectBoth(`${name}@1:a`, 'w', start, ['PRESENT', 2]);
    await expectBoth(`${name}@2:a`, 'u', start, ['PRESENT', 1]);
    await expectBoth(`${name}@2:b`, 'u', start, ['NOT_FOUND', null]);
    await expectBoth(`${name}@2:b`, 'w', start, ['NULL_VALUE', null]);
    await expectBoth(`${name}@1:a`, 'u', start + hour + 1, ['PRESENT', 1]);
    await expectBoth(`${name}@2:a`, 'u', start + hour + 1, ['OUTSIDE_MAX_AGE', null]);
  });

  test('the rules apply in this order: age before null, and age before a feature that was not there yet', async () => {
    const { view, write } = world();
    const name = await view(['a'], { ttl_hours: 1 });
    await write(name, [['u', start, { a: null }]]);
    await addFeature(world(), name, { ttl_hours: 1 });
    await expectBoth(`${name}:a`, 'u', start + hour, ['NULL_VALUE', null]);
    await expectBoth(`${name}:b`, 'u', start + hour, ['NOT_FOUND', null]);
    await expectBoth(`${name}:a`, 'u', start + hour + 1, ['OUTSIDE_MAX_AGE', null]);
    await expectBoth(`${name}:b`, 'u', start + hour + 1, ['OUTSIDE_MAX_AGE', null]);
  });

  test("OUTSIDE_MAX_AGE and NULL_VALUE carry the row's event time and age, as PRESENT does; NOT_FOUND has nulls", async () => {
    const { view, write, store, clock } = world();
    const name = await view([{ name: 'old', dtype: 'int64', ttl_hours: 1 }, 'empty', 'there']);
    await write(name, [['u', start + 7, { old: 1, there: 2 }]]);
    const definition = [{ name: 'old', dtype: 'int64', ttl_hours: 1 }, int64('empty'), int64('there'), int64('added')];
    await register(world(), name, definition);
    clock.set(start + 2 * hour + 7);
    const names = ['old', 'empty', 'there', 'added'].map((feature) => `${name}:${feature}`);
    const { json } = await store.post('/api/v1/features/online', { entity_id: 'u', feature_names: names });
    const times = { event_time: formatMicros(start + 7), age_seconds: 7200, version: 1 };
    expect(Object.values(json.metadata)).toEqual([
      { status: 'OUTSIDE_MAX_AGE', ...times },
      { status: 'NULL_VALUE', ...times },
      { status: 'PRESENT', ...times },
      { status: 'NOT_FOUND', event_time: null, age_seconds: null, version: 1 },
    ]);
    expect(Object.values(json.features)).toEqual([null, null, 2, null]);
    const absent = await store.post('/api/v1/features/online', { entity_id: 'nobody', feature_names: names });
    expect(absent.json.metadata[`${name}:old`]).toEqual({
      status: 'NOT_FOUND',
      event_time: null,
      age_seconds: null,
      version: 1,
    });
  });
});

const int64 = (name: string) => ({ name, dtype: 'int64' });

/** Adds `b` beside `a`; with the view's TTL changed, in a new version over the same table. */
async function addFeature(world: World, view: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await register(world, view, [int64('a'), int64('b')], more);
}

async function register(
  { store }: World,
  name: string,
  features: readonly object[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const body = { name, entity_type: 'user', features, retention_days: 0, ...more };
  const answer = await store.post('/api/v1/feature-views', body);
  expect(answer.status, answer.text).toBe(201);
}
