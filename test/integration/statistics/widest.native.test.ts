import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { hoursOf, refresh } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

// Not on TimescaleDB, though it can: making an aggregate of 100 such names is a statement of 200 KB, and the server that
// is there for tests takes 64.
test('the widest view of the longest names has statistics of each feature', async () => {
  const view = `w${'x'.repeat(47)}`;
  const name = (index: number): string => `n${index}_`.padEnd(48, 'y');
  const features = Array.from({ length: 500 }, (_, index) => ({ name: name(index), dtype: 'float64' }));
  const body = { name: view, entity_type: 'user', retention_days: 0, features };
  const answer = await world.store.post('/api/v1/feature-views', body);
  expect(answer.status, answer.text).toBe(201);
  const values = Object.fromEntries(features.map((feature, index) => [feature.name, index + 0.5]));
  await world.write(view, [
    ['u', start - hour, values],
    ['v', start - hour, values],
  ]);
  await refresh(world.store, view);
  for (const index of [0, 99, 100, 250, 499]) {
    const value = index + 0.5;
    expect(await hoursOf(world.store, view, name(index))).toMatchObject([
      { count: 2, null_count: 0, min: value, max: value, mean: value, stddev: 0 },
    ]);
  }
});
