import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Dtype, dtypes } from '../../../shared/contract/dtypes.ts';
import { formatTime } from '../../../shared/contract/time.ts';
import { describeEachCache, hour, start } from './semantics-setup.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'));
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const int64 = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).map(String),
);
const timestamp = fc
  .record({
    millis: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
    micros: fc.oneof(fc.constant(0), fc.nat(999)),
  })
  .map(formatTime);
const json = fc
  .jsonValue({ maxDepth: 4, stringUnit: 'binary' })
  .filter((value) => !JSON.stringify(value).includes('\\u0000'));
const listOf = <Item>(item: fc.Arbitrary<Item>) => fc.array(item, { maxLength: 8 });

const arbitraries: Readonly<Record<Dtype, fc.Arbitrary<unknown>>> = {
  float64: double,
  float32: fc.oneof(
    float,
    double.filter((value) => Math.abs(value) < 3e38),
  ),
  int64,
  int32: fc.integer(),
  string: text,
  bool: fc.boolean(),
  timestamp,
  json,
  bytes: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  'float64[]': listOf(double),
  'float32[]': listOf(float),
  'int64[]': listOf(int64),
  'string[]': listOf(text),
};

const featureOf = (dtype: Dtype): string => dtype.replace('[]', '_list');
const rowArbitrary = fc.record(
  Object.fromEntries(dtypes.map((dtype) => [featureOf(dtype), fc.option(arbitraries[dtype], { freq: 20 })])),
);

/** What the answer says of a value that was sent. */
function expected(dtype: Dtype, value: unknown): unknown {
  if (Array.isArray(value) && dtype.endsWith('[]')) return value.map((item) => expected(elementOf(dtype), item));
  // A 0 that JSON wrote was -0.
  if (dtype === 'float32' && typeof value === 'number') return shortestOf(Math.fround(value));
  if (dtype === 'int64') return Number.isSafeInteger(Number(value)) && value !== null ? Number(value) + 0 : value;
  return value === null ? null : JSON.parse(JSON.stringify(value));
}

function elementOf(dtype: Dtype): Dtype {
  return dtypes.find((candidate) => `${candidate}[]` === dtype) ?? dtype;
}

/** The first of the decimals of 1, 2, … digits that reads back as this float32. */
function shortestOf(float32: number): number {
  const decimals = Array.from({ length: 9 }, (_, index) => Number(float32.toExponential(index)));
  return (decimals.find((decimal) => Math.fround(decimal) === float32) ?? Number.NaN) + 0;
}

describeEachCache('The round trip', (world) => {
  test('an online read and a batch read as of now agree for every value of every dtype, and both with what was sent', async () => {
    const { view, store, write } = world();
    const name = await view(dtypes.map((dtype) => ({ name: featureOf(dtype), dtype })));
    const sent = fc.sample(rowArbitrary, { numRuns: 600, seed: 20_260_615 });
    await write(
      name,
      sent.map((values, index) => [`e${index}`, start - hour, values]),
    );
    const asked = {
      entity_ids: sent.map((_, index) => `e${index}`),
      feature_names: dtypes.map((dtype) => `${name}:${featureOf(dtype)}`),
    };
    const online = async (): Promise<unknown[][]> => {
      const { json: answer } = await store.post('/api/v1/features/online', asked);
      return answer.rows.map((row: { values: unknown[] }) => row.values);
    };
    const cached = await online();
    for (const entityId of asked.entity_ids) await store.request('DELETE', `/api/v1/cache/invalidate/${entityId}`);
    const latest = await online();
    const { json: batch } = await store.post('/api/v1/features/batch', { ...asked, timestamp: start / 1000 });
    const columns: unknown[][] = batch.rows.map((row: { features: object }) => Object.values(row.features));
    for (const [index, values] of sent.entries()) {
      const answered = dtypes.map((dtype) => expected(dtype, values[featureOf(dtype)]));
      expect(cached[index]).toEqual(answered);
      expect(latest[index]).toEqual(answered);
      expect(columns[index]).toEqual(answered);
    }
  });

  test('float32 is answered as the shortest decimal of the nearest float32, by the cache and by Postgres alike', async () => {
    const { view, store, write } = world();
    const name = await view([{ name: 'f', dtype: 'float32[]' }]);
    const lists = [...randomFloats(4, 20_000), nearPowersOfTwo()];
    await write(
      name,
      lists.map((list, index) => [`e${index}`, start - hour, { f: list }]),
    );
    for (const [index, list] of lists.entries()) {
      const shortest = list.map(shortestOf);
      const asked = { entity_ids: [`e${index}`], feature_names: [`${name}:f`] };
      const online = await store.post('/api/v1/features/online', asked);
      const batch = await store.post('/api/v1/features/batch', { ...asked, timestamp: start / 1000 });
      expect(difference(online.json.rows[0].values[0], shortest)).toEqual([]);
      expect(difference(batch.json.rows[0].features[`${name}:f`], shortest)).toEqual([]);
    }
  });
});

/** The first few places where two long lists differ: a diff of 20,000 numbers tells nobody anything. */
function difference(given: readonly number[], wanted: readonly number[]): unknown[] {
  expect(given).toHaveLength(wanted.length);
  const pairs = wanted.map((value, index) => [given[index], value]);
  return pairs.filter(([a, b]) => !Object.is(a, b)).slice(0, 5);
}

function randomFloats(lists: number, length: number): number[][] {
  const bits = fc.sample(fc.integer(), { numRuns: lists * length, seed: 7 });
  const floats = [...new Float32Array(Int32Array.from(bits).buffer)].map((value) =>
    Number.isFinite(value) ? value : 0,
  );
  return Array.from({ length: lists }, (_, index) => floats.slice(index * length, (index + 1) * length));
}

/** Every power of two with its neighbours, where the distance to the next float32 halves. */
function nearPowersOfTwo(): number[] {
  const floats = new Float32Array(1);
  const bits = new Int32Array(floats.buffer);
  return Array.from({ length: 277 }, (_, index) => 2 ** (index - 149)).flatMap((power) =>
    [-1, 0, 1].map((step) => {
      floats[0] = power;
      bits[0] = (bits[0] ?? 0) + step;
      return floats[0] ?? 0;
    }),
  );
}
