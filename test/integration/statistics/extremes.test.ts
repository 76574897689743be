import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dtype } from '../../../shared/contract/dtypes.ts';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { hoursOf, refresh } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

const most = Number.MAX_VALUE;
const least = Number.MIN_VALUE;
const mostInt64 = '9223372036854775807';
const leastInt64 = '-9223372036854775808';
const mostFloat32 = 3.4028235e38;
/** The double that it is. */
const mostFloat32Exactly = 2 ** 128 - 2 ** 104;

/** Values of one hour, and min, max, mean and stddev of them. */
type Case = readonly [values: readonly unknown[], min: unknown, max: unknown, mean: unknown, stddev: unknown];

const cases: Readonly<Partial<Record<Dtype, readonly Case[]>>> = {
  float64: [
    [[most], most, most, most, 0],
    [[-most], -most, -most, -most, 0],
    [[most, most, most], most, most, most, 0],
    [[most, -most], -most, most, 0, most],
    [[most, null], most, most, most, 0],
    [[most, least], least, most, most / 2, most / 2],
    [[most, -least], -least, most, most / 2, most / 2],
    [[-most, 1e-150, 1e-160], -most, 1e-150, -most / 3, expect.closeTo((most / 3) * Math.SQRT2, -300)],
    [[least], least, least, least, 0],
    [[-least, least], -least, least, 0, 0],
    [[1e140, -1e140], -1e140, 1e140, 0, 1e140],
    [[2e140, 0], 0, 2e140, 1e140, 1e140],
    [[2e154, -2e154], -2e154, 2e154, 0, 2e154],
    [[0, 0], 0, 0, 0, 0],
    [[null, null], null, null, null, null],
  ],
  float32: [
    [[mostFloat32], mostFloat32, mostFloat32, mostFloat32Exactly, 0],
    [[mostFloat32, -mostFloat32], -mostFloat32, mostFloat32, 0, mostFloat32Exactly],
    [[1e-45, 0.1], 1e-45, 0.1, expect.closeTo(0.05), expect.closeTo(0.05)],
    [[null], null, null, null, null],
  ],
  int64: [
    [[mostInt64], mostInt64, mostInt64, 2 ** 63, 0],
    [[leastInt64], leastInt64, leastInt64, -(2 ** 63), 0],
    [[mostInt64, leastInt64], leastInt64, mostInt64, -0.5, 2 ** 63],
    [[mostInt64, '9223372036854775806'], '9223372036854775806', mostInt64, 2 ** 63, 0.5],
    [[4, 402288793], 4, 402288793, 201144398.5, 201144394.5],
    [[2 ** 53 - 1, 2 ** 53 - 1], 2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1, 0],
    [[null, null, 0], 0, 0, 0, 0],
  ],
  int32: [
    [[2 ** 31 - 1, -(2 ** 31)], -(2 ** 31), 2 ** 31 - 1, -0.5, 2 ** 31 - 0.5],
    [[null], null, null, null, null],
  ],
};

test.each(Object.keys(cases))('the greatest and the least values of %s have statistics', async (dtype) => {
  const ofDtype = Object.entries(cases).find(([name]) => name === dtype)?.[1] ?? [];
  const view = await world.view([{ name: 'f', dtype }]);
  const rows = ofDtype.flatMap(([values], index) =>
    values.map((f, place) => [`e${place}`, start - (ofDtype.length - index) * hour, { f }] as const),
  );
  await world.write(view, rows);
  await refresh(world.store, view);
  const hours = await hoursOf(world.store, view, 'f');
  expect(hours.map(({ count, null_count, min, max, mean, stddev }) => ({ count, null_count, min, max, mean, stddev })))
    // One after the other, as they were written.
    .toEqual(
      ofDtype.map(([values, min, max, mean, stddev]) => {
        const nulls = values.filter((value) => value === null).length;
        return { count: values.length - nulls, null_count: nulls, min, max, mean, stddev };
      }),
    );
  // No value ends a later run.
  await world.write(view, [['late', start, { f: 1 }]]);
  await refresh(world.store, view);
  expect((await hoursOf(world.store, view, 'f')).at(-1)).toMatchObject({ count: 1, min: 1 });
});
