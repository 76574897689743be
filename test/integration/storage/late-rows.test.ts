import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { day, maintainNow, stateOf } from './storage-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.store.close());

test('Rows written late, into months that retention had dropped, and the row that it kept of them are told apart by their times', async () => {
  const view = await world.view(['a'], { retention_days: 90 });
  const later = start + 200 * day;
  await world.write(view, [['u', start, { a: 1 }]]);
  world.clock.set(later);
  await world.write(view, [['u', later - hour, { a: 9 }]]);
  await maintainNow(world);
  expect((await stateOf(world, view)).carried).toHaveLength(1);
  const keepAll = { name: view, entity_type: 'user', retention_days: 0, features: [{ name: 'a', dtype: 'int64' }] };
  expect((await world.store.post('/api/v1/feature-views', keepAll)).status).toBe(200);

  await world.write(view, [['u', start - 5 * day, { a: 0 }]]);
  const asOf = (micros: number) => world.asOf('u', `${view}:a`, micros);
  expect(await asOf(start - 5 * day)).toEqual(['PRESENT', 0]);
  expect(await asOf(start - 1)).toEqual(['PRESENT', 0]);
  for (const micros of [start, start + 10 * day, start + 100 * day, later - hour - 1])
    expect(await asOf(micros)).toEqual(['PRESENT', 1]);

  await world.write(view, [['u', start + 2 * day, { a: 2 }]]);
  expect(await asOf(start + 2 * day - 1)).toEqual(['PRESENT', 1]);
  for (const micros of [start + 2 * day, start + 10 * day, start + 100 * day])
    expect(await asOf(micros)).toEqual(['PRESENT', 2]);

  // The same event time as the kept row: the later of both stands.
  await world.write(view, [['u', start, { a: 3 }]]);
  expect(await asOf(start + day)).toEqual(['PRESENT', 3]);
  expect(await asOf(later)).toEqual(['PRESENT', 9]);
});
