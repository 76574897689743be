import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, start, type World } from '../semantics/semantics-setup.ts';
import { day, maintainNow, stateOf } from './storage-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.store.close());

const partitionsOf = async (view: string): Promise<string[]> =>
  (await stateOf(world, view)).relations.flatMap(({ name }) => /_p(\d{6}) r$/.exec(name)?.[1] ?? []);

test('A view has the partitions of this month and the next before a row comes', async () => {
  const view = await world.view(['a']);
  expect(await partitionsOf(view)).toEqual([]);
  const report = await maintainNow(world);
  expect(report.partitionsMade).toBe(2);
  expect(await partitionsOf(view)).toEqual(['202606', '202607']);
  expect((await maintainNow(world)).partitionsMade).toBe(0);
  world.clock.set(start + 180 * day);
  await maintainNow(world);
  expect(await partitionsOf(view)).toEqual(['202606', '202607', '202612', '202701']);
});

test('A version that is written no more gets no further partitions', async () => {
  const view = await world.view(['a']);
  const next = { name: view, entity_type: 'user', retention_days: 0, features: [{ name: 'a', dtype: 'string' }] };
  expect((await world.store.post('/api/v1/feature-views', next)).json.version).toBe(2);
  await maintainNow(world);
  expect(await partitionsOf(view)).toEqual([]);
});
