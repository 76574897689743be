import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Dtype, dtypes } from '../../../shared/contract/dtypes.ts';
import {
  codecs,
  elementOf,
  isValueError,
  jsonOf,
  quoteElement,
  shortestFloat32,
} from '../../../shared/values/codecs.ts';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('shortestFloat32', () => {
  test('reads back as the same float32', () => {
    fc.assert(
      fc.property(float32, (value) => {
        expect(Math.fround(Number(shortestFloat32(value)))).toBe(value + 0);
      }),
      { numRuns: 20_000 },
    );
  });

  test('has no shorter decimal that reads back, and none of its length is nearer', () => {
    fc.assert(
      fc.property(float32, (value) => {
        const [mantissa = ''] = Number(shortestFloat32(value)).toExponential().split('e');
        const digits = mantissa.replace(/[-.]/g, '').length;
        if (digits > 1) expect(Math.fround(Number(value.toPrecision(digits - 1)))).not.toBe(value);
        expect(Number(shortestFloat32(value)) + 0).toBe(Number(value.toPrecision(digits)) + 0);
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([
    [0, '0'],
    [-0, '0'],
    [Math.fround(0.1), '0.1'],
    [Math.fround(0.3), '0.3'],
    [Math.fround(1 / 3), '0.33333334'],
    [16777216, '16777216'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [2 ** -149, '1e-45'],
    [2 ** -126, '1.1754944e-38'],
    [1573974.25, '1573974.3'],
  ])('of %d is %s', (value, text) => {
    expect(shortestFloat32(value)).toBe(text);
  });
});

const int64 = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String));
const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
const samples: Readonly<Record<Dtype, fc.Arbitrary<unknown>>> = {
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  float32,
  int64,
  int32: fc.integer(),
  string: text,
  bool: fc.boolean(),
  timestamp: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  json: fc.jsonValue().filter((value) => value !== null),
  bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
  'float64[]': fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
  'float32[]': fc.array(float32),
  'int64[]': fc.array(int64),
  'string[]': fc.array(text),
};

describe('the codecs', () => {
  test.each(dtypes)('write a %s as JSON that is one line and never -0, and that is written again as it is', (dtype) => {
    fc.assert(
      fc.property(samples[dtype], (value) => {
        const encoded = codecs[dtype].encode(value);
        if (isValueError(encoded)) throw new Error(`${JSON.stringify(value)} ${encoded.detail}`);
        const answered: unknown = JSON.parse(jsonOf(encoded));
        expect(jsonOf(encoded)).not.toMatch(/\n|(^|[[,:])-0([\],}]|$)/);
        expect(codecs[dtype].encode(answered)).toEqual(encoded);
      }),
      { numRuns: 300 },
    );
  });

  test.each(dtypes.filter((dtype) => dtype.endsWith('[]')))('refuse a null in a %s', (dtype) => {
    expect(codecs[dtype].encode([null])).toMatchObject({ code: 'wrong_type' });
  });

  test('an element of an array literal keeps every text', () => {
    const unquoted = (element: string) => element.slice(1, -1).replace(/\\(.)/gs, '$1');
    fc.assert(
      fc.property(text, (value) => {
        expect(unquoted(quoteElement(value))).toBe(value);
        expect(quoteElement(value)).toMatch(/^"(?:[^"\\]|\\["\\])*"$/s);
      }),
    );
  });

  test.each([
    ['9007199254740991', '9007199254740991'],
    ['9007199254740992', '"9007199254740992"'],
    ['-9007199254740992', '"-9007199254740992"'],
    ['-9223372036854775808', '"-9223372036854775808"'],
    ['0000000000000000000000000000000000000005', '5'],
  ])('int64 %s is %s in JSON, and its text of Postgres is decoded to the same', (given, json) => {
    const encoded = codecs.int64.encode(given);
    if (isValueError(encoded)) throw new Error(encoded.detail);
    expect([elementOf(encoded), jsonOf(encoded)]).toEqual([BigInt(given).toString(), json]);
    expect(JSON.stringify(codecs.int64.decode(BigInt(given).toString()))).toBe(json);
  });

  test('a timestamp of Postgres is decoded to three digits, six where there are microseconds', () => {
    expect(codecs.timestamp.decode('2026-01-31T12:00:00.000000Z')).toBe('2026-01-31T12:00:00.000Z');
    expect(codecs.timestamp.decode('2026-01-31T12:00:00.000100Z')).toBe('2026-01-31T12:00:00.000100Z');
    expect(codecs.timestamp.decode('2026-01-31T12:00:00.120000Z')).toBe('2026-01-31T12:00:00.120Z');
  });

  test('an error in an array names the element', () => {
    expect(codecs['int64[]'].encode([1, 'x'])).toEqual({
      code: 'wrong_type',
      detail: 'element 1 is not an integer, or a string of one',
    });
  });
});
