import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { createWorld, hour, second, start, type World } from '../semantics/semantics-setup.ts';
import { type ChunkState, chunksOf, day, maintainNow } from './storage-setup.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.store.close());

const chunks = (view: string): Promise<ChunkState[]> =>
  chunksOf(world.store.databases.admin, world.store.tenant.ctx.tenantId, `${view}_v1`);

const compressed = 1;
const withLaterRows = 9;

test('A chunk is compressed once all of it is 7 days old, and no sooner', async () => {
  const view = await world.view(['a']);
  await world.write(view, [['u', start, { a: 1 }]]);
  const [chunk] = await chunks(view);
  const end = Date.parse(chunk?.to ?? '') * 1000;
  world.clock.set(end + 7 * day - 1);
  expect((await maintainNow(world)).compressed).toBe(0);
  world.clock.set(end + 7 * day);
  expect((await maintainNow(world)).compressed).toBe(1);
  expect((await chunks(view)).map(({ status }) => status)).toEqual([compressed]);
  expect((await maintainNow(world)).compressed).toBe(0);
});

test('Rows written late into a compressed chunk are read like any other, redelivered ones change nothing, and it is compressed again', async () => {
  const view = await world.view(['a', { name: 's', dtype: 'string' }]);
  await world.write(view, [
    ['u', start, { a: 1, s: 'x' }],
    ['v', start, { a: 2, s: 'y' }],
  ]);
  world.clock.set(start + 30 * day);
  await world.write(view, [['u', start + 30 * day, { a: 9 }]]);
  await maintainNow(world);
  await world.write(view, [
    ['u', start + hour, { a: 3 }],
    ['w', start, { a: 4 }],
  ]);
  expect((await chunks(view)).map(({ status }) => status)).toEqual([withLaterRows, 0]);
  expect(await world.asOf('u', `${view}:a`, start + hour - 1)).toEqual(['PRESENT', 1]);
  expect(await world.asOf('u', `${view}:a`, start + hour)).toEqual(['PRESENT', 3]);
  expect(await world.asOf('u', `${view}:a`, start + 30 * day)).toEqual(['PRESENT', 9]);
  expect(await world.asOf('w', `${view}:a`, start)).toEqual(['PRESENT', 4]);
  expect(await world.asOf('v', `${view}:s`, start + 20 * day)).toEqual(['PRESENT', 'y']);
  expect(await world.online('u', `${view}:a`)).toEqual(['PRESENT', 9]);
  const correction = world.clock.nowMicros() + second;
  for (const value of [5, 6]) {
    // The second is a redelivery of the first: the row that stands is the one that was stored.
    world.clock.arriveAt(correction);
    await world.write(view, [['v', start, { a: value, s: 'z' }]]);
  }
  expect(await world.asOf('v', `${view}:a`, start + day)).toEqual(['PRESENT', 5]);
  expect((await maintainNow(world)).compressed).toBe(1);
  expect((await chunks(view)).map(({ status }) => status)).toEqual([compressed, 0]);
  expect(await world.asOf('v', `${view}:a`, start + day)).toEqual(['PRESENT', 5]);
  expect(await world.asOf('u', `${view}:a`, start + hour)).toEqual(['PRESENT', 3]);
});

test('Rows of a chunk that was compressed again come in the order that is asked for', async () => {
  const view = await world.view(['a']);
  const rows = (count: number, step: number) =>
    Array.from(
      { length: count },
      (_, index) => [`u${index % 7}`, start + index * step * second, { a: index }] as const,
    );
  world.clock.set(start + 60 * day);
  await world.write(view, rows(300, 60));
  await maintainNow(world);
  await world.write(view, rows(50, 59));
  expect((await maintainNow(world)).compressed).toBe(1);
  const inOrder = (order: string) =>
    world.store.databases.admin.rows<{ key: string }>({
      name: 'in_order',
      text: `SELECT entity_id || ' ' || event_time || ' ' || created_at AS key
             FROM ${world.store.tenant.ctx.tenantId}.${view}_v1
             ORDER BY entity_id ${order}, event_time ${order}, created_at ${order}`,
    });
  const keys = (await inOrder('')).map(({ key }) => key);
  expect(keys).toHaveLength(350);
  expect(keys).toEqual(keys.toSorted());
  expect((await inOrder('DESC')).map(({ key }) => key)).toEqual(keys.toReversed());
});

test('A feature added to a table with compressed chunks is null to no row of before', async () => {
  const view = await world.view(['a']);
  await world.write(view, [['u', start, { a: 1 }]]);
  world.clock.set(start + 30 * day);
  await maintainNow(world);
  const features = ['a', 'b'].map((name) => ({ name, dtype: 'int64' }));
  const body = { name: view, entity_type: 'user', retention_days: 0, features };
  expect((await world.store.post('/api/v1/feature-views', body)).status).toBe(201);
  expect(await world.asOf('u', `${view}:b`, start)).toEqual(['NOT_FOUND', null]);
  await world.write(view, [
    ['u', start + hour, { a: 1, b: 2 }],
    ['v', start, { a: 3 }],
  ]);
  await maintainNow(world);
  expect(await world.asOf('u', `${view}:b`, start)).toEqual(['NOT_FOUND', null]);
  expect(await world.asOf('u', `${view}:b`, start + hour)).toEqual(['PRESENT', 2]);
  expect(await world.asOf('v', `${view}:b`, start)).toEqual(['NULL_VALUE', null]);
  expect(await world.asOf('u', `${view}:a`, start)).toEqual(['PRESENT', 1]);
});

test('Rows are compressed apart by entity only where a chunk has over 100 rows of one', async () => {
  const view = await world.view(['a']);
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ['u', from + index * 60 * second, { a: index }] as const);
  world.clock.set(start + 60 * day);
  await world.write(view, rows(start, 100));
  await world.write(view, rows(start + 14 * day, 101));
  await world.write(view, rows(start + 28 * day, 100));
  expect((await maintainNow(world)).compressed).toBe(3);
  expect((await chunks(view)).map(({ segmented }) => segmented)).toEqual([false, true, false]);
  expect(await world.asOf('u', `${view}:a`, start + 14 * day + 50 * 60 * second)).toEqual(['PRESENT', 50]);
  expect(await world.asOf('u', `${view}:a`, start + 20 * day)).toEqual(['PRESENT', 100]);
});

test('An answer spans compressed and plain chunks', async () => {
  const view = await world.view(['a']);
  const times = Array.from({ length: 10 }, (_, week) => start + week * 7 * day);
  for (const [week, at] of times.entries()) {
    world.clock.set(at);
    await world.write(view, [['u', at, { a: week }]]);
  }
  await maintainNow(world);
  const states = (await chunks(view)).map(({ status }) => status);
  expect(new Set(states)).toEqual(new Set([compressed, 0]));
  const { json } = await world.store.post('/api/v1/features/batch', {
    entity_rows: times.flatMap((at) =>
      [at, at - 1].map((micros) => ({ entity_id: 'u', timestamp: formatMicros(micros) })),
    ),
    feature_names: [`${view}:a`],
  });
  const answers = json.rows.map(({ features }: { features: Record<string, unknown> }) => features[`${view}:a`]);
  expect(answers).toEqual(times.flatMap((_, week) => [week, week === 0 ? null : week - 1]));
});
