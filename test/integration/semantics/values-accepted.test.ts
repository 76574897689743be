import { expect, test } from 'vitest';
import type { Dtype } from '../../../shared/contract/dtypes.ts';
import { describeEachCache, hour, start, type World } from './semantics-setup.ts';

const safest = 2 ** 53 - 1;
const kib64 = 65_536;
const same = (...values: readonly unknown[]) => values.map((value) => [value, value] as const);

/** What is sent, and what every read answers. */
const accepted: Readonly<Record<Dtype, readonly (readonly [sent: unknown, answered: unknown])[]>> = {
  float64: [
    ...same(0, 1, -1.5, 0.1, 0.1 + 0.2, 1 / 3, 1e21, -1e-7, 123456789012345680, Number.MAX_VALUE, -Number.MAX_VALUE),
    ...same(Number.MIN_VALUE, 2.2250738585072014e-308, safest, 2 ** 53, 2 ** 63, 1e300),
    [-0, 0],
  ],
  float32: [
    ...same(0, 1, -1.5, 0.1, 3.4028235e38, -3.4028235e38, 1e-45, 1.1754944e-38, 16777216, 1e10, 2.5066283),
    [0.1 + 0.2, 0.3],
    [1 / 3, 0.33333334],
    [2 / 3, 0.6666667],
    [16777217, 16777216],
    [123456789, 123456790],
    [1e-46, 0],
    [-1e-46, 0],
    [-0, 0],
    // Powers of two: a float32's lower neighbour is nearer than its upper one.
    [2 ** -149, 1e-45],
    [2 ** 100, 1.2676506e30],
    [2 ** -103, 9.8607613e-32],
  ],
  int64: [
    ...same(0, 1, -1, safest, -safest, '9007199254740992', '-9007199254740992', '9007199254740993'),
    ...same('9223372036854775807', '-9223372036854775808'),
    ['5', 5],
    ['9007199254740991', safest],
    ['-9007199254740991', -safest],
    ['007', 7],
    ['-0', 0],
    [-0, 0],
    [5.0, 5],
  ],
  int32: [...same(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), [-0, 0]],
  string: same(
    '',
    ' ',
    ' padded ',
    'NULL',
    'null',
    '"\\{},\'',
    'line\nbreak\r\ttab',
    '\u0001\u001f\u007f\u0085\u2028\ufeff\ufffd\uffff',
    'é',
    'e\u0301',
    '👩‍🔬',
    '\u{10ffff}',
    'a'.repeat(kib64),
    'é'.repeat(kib64 / 2),
    '漢'.repeat(21_845),
    '🙂'.repeat(kib64 / 4),
    '"'.repeat(kib64),
  ),
  bool: same(true, false),
  timestamp: [
    ...same('2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.120Z', '2026-01-31T12:00:00.000001Z'),
    ...same('0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'),
    ...same('0099-03-01T00:00:00.000Z', '2255-06-05T23:47:34.740993Z', '1582-10-10T00:00:00.000Z'),
    ['2026-01-31T12:00:00+05:30', '2026-01-31T06:30:00.000Z'],
    ['2026-01-31T12:00:00.123000', '2026-01-31T12:00:00.123Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T12:00:00.1234569Z', '2026-01-31T12:00:00.123456Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [-0.5, '1969-12-31T23:59:59.999500Z'],
    [-1e-17, '1970-01-01T00:00:00.000Z'],
    [1769860800000.001, '2026-01-31T12:00:00.000001Z'],
  ],
  json: [
    ...same(0, 1.5, 'text', true, false, [], {}, [null], { a: null }, [[[]]], { '': { '"': ['\\'] } }, 1e21, 1e-9),
    ...same({ b: 1, a: [1, { z: 'é', y: false }] }, 'a'.repeat(kib64 - 2), JSON.parse('{"__proto__": 1}'), 1e300),
    ...same(JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`), '\u0001"\\\u2028', [Number.MIN_VALUE, 0.1 + 0.2]),
    [[-0], [0]],
  ],
  bytes: [
    ...same('', 'YQ==', 'YWI=', 'YWJj', '+/+/', Buffer.alloc(kib64, 255).toString('base64')),
    // Bits beyond the last byte mean nothing.
    ['YR==', 'YQ=='],
  ],
  'float64[]': [
    ...same([], [1, 2.5, -1e300], new Array(1000).fill(0.1)),
    [
      [-0, 1],
      [0, 1],
    ],
  ],
  'float32[]': [
    ...same([], [0.5, 3.4028235e38]),
    [
      [0.1 + 0.2, -0, 1e-46],
      [0.3, 0, 0],
    ],
  ],
  'int64[]': [
    ...same([], [1, -safest, '9223372036854775807']),
    [
      ['5', -0, '-9007199254740993'],
      [5, 0, '-9007199254740993'],
    ],
  ],
  'string[]': same([], [''], ['a', ' b ', 'NULL', '"\\{},'], ['é', 'e\u0301', '\n'], ['a'.repeat(kib64), 'b']),
};

/** Section 3: what is accepted, and how it is answered, by the cache, by Postgres's latest rows and by its columns alike. */
describeEachCache('An accepted value', (world) => {
  test.for(Object.entries(accepted))('of dtype %s is answered alike, and -0 as 0', async ([dtype, cases]) => {
    const answers = await readEveryWay(
      world(),
      dtype,
      cases.map(([sent]) => sent),
    );
    for (const answered of Object.values(answers)) expect(answered).toEqual(cases.map(([, value]) => value));
  });

  test('int64 is answered as a number within ±(2^53 - 1), else as a string', async () => {
    const sent = ['9007199254740991', '9007199254740992', '-9007199254740991', '-9007199254740992'];
    const { columns } = await readEveryWay(world(), 'int64', sent);
    expect(columns?.map((value) => typeof value)).toEqual(['number', 'string', 'number', 'string']);
  });

  test('null is a value (NULL_VALUE) of every dtype', async () => {
    const { view, write, online, asOf } = world();
    const features = Object.keys(accepted).map((dtype, index) => ({ name: `f${index}`, dtype }));
    const name = await view(features);
    await write(name, [['u', start - hour, Object.fromEntries(features.map((feature) => [feature.name, null]))]]);
    for (const feature of features) {
      expect(await online('u', `${name}:${feature.name}`)).toEqual(['NULL_VALUE', null]);
      expect(await asOf('u', `${name}:${feature.name}`, start)).toEqual(['NULL_VALUE', null]);
    }
  });

  test('a feature missing from values is null too: a row is the whole row', async () => {
    const { view, write, online, asOf } = world();
    const name = await view(['a', 'b']);
    await write(name, [
      ['u', start - 2, { a: 1, b: 1 }],
      ['u', start - 1, { b: 2 }],
    ]);
    expect(await online('u', `${name}:a`)).toEqual(['NULL_VALUE', null]);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['NULL_VALUE', null]);
  });
});

/** Writes the values, one entity each, and reads them from the cache, from `latest` and from the typed columns. */
async function readEveryWay(
  { view, write, store }: World,
  dtype: string,
  values: readonly unknown[],
): Promise<Readonly<Record<'cached' | 'latest' | 'again' | 'columns', unknown[]>>> {
  const name = await view([{ name: 'f', dtype }]);
  await write(
    name,
    values.map((value, index) => [`${name}-${index}`, start - hour, { f: value }]),
  );
  const entity_ids = values.map((_, index) => `${name}-${index}`);
  const asked = { entity_ids, feature_names: [`${name}:f`] };
  const online = async (): Promise<unknown[]> => {
    const { json } = await store.post('/api/v1/features/online', asked);
    expect(json.rows.flatMap((row: { statuses: string[] }) => row.statuses)).toEqual(values.map(() => 'PRESENT'));
    return json.rows.flatMap((row: { values: unknown[] }) => row.values);
  };
  const cached = await online();
  for (const entityId of entity_ids) await store.request('DELETE', `/api/v1/cache/invalidate/${entityId}`);
  const [latest, again] = [await online(), await online()];
  const { json } = await store.post('/api/v1/features/batch', { ...asked, timestamp: start / 1000 });
  const columns = json.rows.map((row: { features: Record<string, unknown> }) => row.features[`${name}:f`]);
  return { cached, latest, again, columns };
}
