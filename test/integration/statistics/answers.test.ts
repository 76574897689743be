import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HourStatistics } from '../../../shared/contract/statistics.ts';
import { formatMicros } from '../../../shared/contract/time.ts';
import { createWorld, hour, second, start, type World } from '../semantics/semantics-setup.ts';
import { ask, hoursOf, refresh } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

const day = 24 * hour;
const starts = (hours: readonly HourStatistics[]): string[] => hours.map((entry) => entry.hour);
const at = formatMicros;

async function register(view: string, features: readonly object[], more = {}): Promise<number> {
  const body = { name: view, entity_type: 'user', features, retention_days: 0, ...more };
  const answer = await world.store.post('/api/v1/feature-views', body);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.json.version;
}

describe('an answer', () => {
  test('has the view, its version, the feature, and by hour what applies to its dtype', async () => {
    const view = await world.view([
      { name: 'age', dtype: 'int64' },
      { name: 'country', dtype: 'string' },
    ]);
    await world.write(view, [
      ['u', start - hour, { age: 21, country: 'DE' }],
      ['v', start - second, { age: 57, country: 'DE' }],
      ['w', start - second, { country: 'FR' }],
    ]);
    await refresh(world.store, view);
    const named = { view, version: 1 };
    const hours = {
      hour: at(start - hour),
      null_count: 0,
      min: null,
      max: null,
      mean: null,
      stddev: null,
      distinct: null,
    };
    expect((await ask(world.store, view, 'age')).json).toEqual({
      ...named,
      feature: 'age',
      hours: [{ ...hours, count: 2, null_count: 1, min: 21, max: 57, mean: 39, stddev: 18 }],
    });
    expect((await ask(world.store, view, 'country')).json).toEqual({
      ...named,
      feature: 'country',
      hours: [{ ...hours, count: 3, distinct: 2 }],
    });
  });

  test('is as of the last refresh, and empty before the first', async () => {
    const view = await world.view(['a']);
    await world.write(view, [['u', start - hour, { a: 1 }]]);
    expect(await hoursOf(world.store, view, 'a')).toEqual([]);
    await refresh(world.store, view);
    await world.write(view, [['u', start - 2 * hour, { a: 2 }]]);
    expect(starts(await hoursOf(world.store, view, 'a'))).toEqual([at(start - hour)]);
    await refresh(world.store, view);
    expect(starts(await hoursOf(world.store, view, 'a'))).toEqual([at(start - 2 * hour), at(start - hour)]);
  });

  test('counts every stored row: what a correction corrected too', async () => {
    const view = await world.view(['a']);
    await world.write(view, [['u', start - hour, { a: 1 }]]);
    await world.write(view, [['u', start - hour, { a: 3 }]]);
    await refresh(world.store, view);
    expect(await hoursOf(world.store, view, 'a')).toMatchObject([{ count: 2, mean: 2 }]);
  });

  test('has no hour in which all rows are from before the feature was added', async () => {
    const view = await world.view(['a']);
    await world.write(view, [['u', start - 2 * hour, { a: 1 }]]);
    await register(view, [
      { name: 'a', dtype: 'int64' },
      { name: 'b', dtype: 'int64' },
    ]);
    await world.write(view, [['u', start - hour, { a: 1 }]]);
    await refresh(world.store, view);
    expect(await hoursOf(world.store, view, 'a')).toHaveLength(2);
    expect(await hoursOf(world.store, view, 'b')).toMatchObject([{ hour: at(start - hour), count: 0, null_count: 1 }]);
  });
});

describe('hours', () => {
  test('are those that overlap from, inclusive, to to, exclusive, each of them whole', async () => {
    const view = await world.view(['a']);
    // Four hours, each with a row at its begin and one at its end.
    const rows = [4, 3, 2, 1].flatMap(
      (ago) =>
        [
          ['u', start - ago * hour, { a: ago }],
          ['v', start - (ago - 1) * hour - 1, { a: ago }],
        ] as const,
    );
    await world.write(view, rows);
    await refresh(world.store, view);
    const between = async (from: number, to: number) =>
      (await hoursOf(world.store, view, 'a', { from: at(from), to: at(to) })).map(({ min, count }) => [min, count]);
    expect(await between(start - 3 * hour, start - hour)).toEqual([
      [3, 2],
      [2, 2],
    ]);
    expect(await between(start - 2 * hour - 1, start - hour + 1)).toEqual([
      [3, 2],
      [2, 2],
      [1, 2],
    ]);
    expect(await between(start - 2.5 * hour, start - 2.5 * hour + 1)).toEqual([[3, 2]]);
    expect(await between(start, start + hour)).toEqual([]);
  });

  test('of the last day are the default, and times are read as elsewhere', async () => {
    const view = await world.view(['a']);
    await world.write(view, [
      ['u', start - 25 * hour, { a: 1 }],
      ['u', start - 24 * hour, { a: 2 }],
      ['u', start, { a: 3 }],
      ['u', start + 30 * second, { a: 4 }],
    ]);
    await refresh(world.store, view);
    const values = async (asked: { from?: string; to?: string }) =>
      (await hoursOf(world.store, view, 'a', asked)).map(({ min, max }) => [min, max]);
    world.clock.set(start + 1);
    expect(await values({})).toEqual([
      [2, 2],
      [3, 4],
    ]);
    expect(await values({ to: at(start) })).toEqual([[2, 2]]);
    expect(await values({ to: '2026-06-14T14:00:00+02:00' })).toEqual([[1, 1]]);
    expect(await values({ from: '2026-06-15' })).toEqual([[3, 4]]);
    expect(await values({ from: '2026-06-14T11:00:00', to: '2026-06-14T12:00:00' })).toEqual([[1, 1]]);
  });

  test('before the retention horizon are never answered, dropped or not, and the answer warns', async () => {
    const view = await world.view(['a'], { retention_days: 10 });
    const horizon = start - 10 * day;
    await world.write(view, [
      ['u', horizon + second, { a: 1 }],
      ['u', horizon + hour, { a: 2 }],
      ['u', start - hour, { a: 3 }],
    ]);
    await refresh(world.store, view);
    const read = async (now: number, from: number, to = now) => {
      world.clock.set(now);
      const { json } = await ask(world.store, view, 'a', { from: at(from), to: at(to) });
      return { values: json.hours.map(({ min }: HourStatistics) => min), warnings: json.warnings };
    };
    const warnings = (now: number) => [{ code: 'beyond_retention', view, horizon: at(now - 10 * day) }];
    expect(await read(start, horizon)).toEqual({ values: [1, 2, 3], warnings: undefined });
    expect(await read(start, horizon - 1)).toEqual({ values: [1, 2, 3], warnings: warnings(start) });
    // The hour of the horizon has rows that are kept.
    expect(await read(start + hour / 2, horizon)).toEqual({ values: [1, 2, 3], warnings: warnings(start + hour / 2) });
    expect(await read(start + hour, horizon)).toEqual({ values: [2, 3], warnings: warnings(start + hour) });
    expect(await read(start + hour, horizon, horizon + hour)).toEqual({ values: [], warnings: warnings(start + hour) });
  });
});

describe('a version', () => {
  test('that shares its table shares the statistics, and one with a table of its own has its own', async () => {
    const view = await world.view(['a']);
    await world.write(view, [['u', start - hour, { a: 1 }]]);
    expect(await register(view, [{ name: 'a', dtype: 'int64' }], { ttl_hours: 5 })).toBe(2);
    await world.write(view, [['u', start - hour + 1, { a: 3 }]]);
    await refresh(world.store, view);
    const shared = [{ count: 2, min: 1, max: 3 }];
    for (const name of [view, `${view}@1`, `${view}@2`]) {
      expect(await hoursOf(world.store, name, 'a')).toMatchObject(shared);
      expect((await ask(world.store, name, 'a')).json).toMatchObject({ view, version: name.endsWith('@1') ? 1 : 2 });
    }

    expect(await register(view, [{ name: 'a', dtype: 'string' }])).toBe(3);
    await world.write(view, [['u', start - hour, { a: 'x' }]]);
    await refresh(world.store, view);
    expect(await hoursOf(world.store, view, 'a')).toMatchObject([{ count: 1, distinct: 1, min: null }]);
    expect(await hoursOf(world.store, `${view}@2`, 'a')).toMatchObject(shared);
  });

  test('that does not have a feature of another version says so', async () => {
    const view = await world.view(['a']);
    await register(
      view,
      [
        { name: 'a', dtype: 'int64' },
        { name: 'b', dtype: 'int64' },
      ],
      { ttl_hours: 5 },
    );
    expect((await ask(world.store, view, 'b')).status).toBe(200);
    const answer = await ask(world.store, `${view}@1`, 'b');
    expect(answer.json).toMatchObject({ status: 404, code: 'feature_not_found' });
  });
});
