import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, start, type World } from './semantics-setup.ts';

const mostFeatures = 500;
const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter(
  (letter) => letter !== '"' && letter !== '\\',
);
/** The same at each run, and nothing that compresses. */
const noise = (length: number, seed: number): string =>
  Array.from({ length }, (_, index) => letters[(seed * 7919 + index * index * 31 + index * 17) % letters.length]).join(
    '',
  );

const valuesOf: Readonly<Record<string, (position: number) => unknown>> = {
  string: (position) => noise(500, position),
  'string that compresses': () => 'x'.repeat(500),
  'string of 20 bytes': (position) => noise(20, position),
  'string of 31 bytes': (position) => noise(31, position),
  bytes: () => Buffer.alloc(100, 'ab').toString('base64'),
  json: (position) => ({ a: noise(40, position) }),
  'string[]': (position) => [noise(30, position)],
};

describe('a row of as many values as a view may have features', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.store.close());

  test.each(Object.keys(valuesOf))('of any number of values is stored or refused by itself: %s', async (kind) => {
    const dtype = kind.split(' ')[0] ?? '';
    const view = await world.view(Array.from({ length: mostFeatures }, (_, at) => ({ name: `f${at}`, dtype })));
    const valueAt = valuesOf[kind] ?? (() => null);
    const accepted: number[] = [];
    for (const length of [250, 296, 297, 380, 390, 420, 450, 480, mostFeatures]) {
      const values = Object.fromEntries(Array.from({ length }, (_, at) => [`f${at}`, valueAt(at)]));
      const { json } = await world.ingest(view, [
        ['narrow', start],
        [`wide${length}`, start, values],
      ]);
      expect([json.accepted, ...json.rejected.map(({ code }: { code: string }) => code)]).toEqual(
        json.accepted === 2 ? [2] : [1, 'too_long'],
      );
      if (json.accepted === 2) accepted.push(length);
    }
    expect(accepted.slice(0, 2)).toEqual([250, 296]);
    expect(accepted).not.toContain(mostFeatures);
  });

  test('numbers and short texts are stored however many there are', async () => {
    const dtypes = ['float64', 'int64', 'bool', 'timestamp', 'string'];
    const view = await world.view(
      Array.from({ length: mostFeatures }, (_, at) => ({ name: `f${at}`, dtype: dtypes[at % 5] ?? '' })),
    );
    const values = [0.5, -1, true, '2026-01-31T12:00:00Z', 'fifteen letters'];
    const row = Object.fromEntries(Array.from({ length: mostFeatures }, (_, at) => [`f${at}`, values[at % 5]]));
    await world.write(view, [['e', start, row]]);
    expect(await world.online('e', `${view}:f499`)).toEqual(['PRESENT', 'fifteen letters']);
  });
});
