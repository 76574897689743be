import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStoredRow, type StoredRow, splitJsonArray, statusOf } from '../../../shared/values/stored-row.ts';

describe('splitJsonArray', () => {
  test('gives the JSON text of each element, whatever the elements hold', () => {
    const elements = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { minLength: 1 });
    fc.assert(
      fc.property(elements, (values) => {
        const texts = values.map((value) => JSON.stringify(value));
        expect(splitJsonArray(`[${texts.join(',')}]`)).toEqual(texts);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['[1]', ['1']],
    ['["a,b","]","\\"","\\\\"]', ['"a,b"', '"]"', '"\\""', '"\\\\"']],
    ['[[],[1,[2,3]],{}]', ['[]', '[1,[2,3]]', '{}']],
    ['[{"]":"}"},null,true]', ['{"]":"}"}', 'null', 'true']],
    ['[1e+21,-0.5]', ['1e+21', '-0.5']],
  ])('of %s', (text, elements) => {
    expect(splitJsonArray(text)).toEqual(elements);
  });
});

test('a stored row is its times, its revision and the texts of its values', () => {
  expect(parseStoredRow('[1769860800000001,1769860800000002,3,"a",null,[1]]')).toEqual({
    eventMicros: 1_769_860_800_000_001,
    createdMicros: 1_769_860_800_000_002,
    revision: 3,
    values: ['"a"', 'null', '[1]'],
  });
});

describe('statusOf', () => {
  const rowOf = (eventMicros: number, ...values: (string | undefined)[]): StoredRow => ({
    eventMicros,
    createdMicros: 0,
    revision: 1,
    values,
  });

  test.each([
    ['NOT_FOUND', 'there is no row', undefined, 10],
    ['PRESENT', 'it is exactly as old as the TTL', rowOf(90, '1'), 10],
    ['OUTSIDE_MAX_AGE', 'it is a microsecond older', rowOf(89, '1'), 10],
    ['PRESENT', 'there is no TTL', rowOf(0, '1'), Number.POSITIVE_INFINITY],
    ['NULL_VALUE', 'the value is null', rowOf(95, 'null'), 10],
    ['PRESENT', 'the value is the text null', rowOf(95, '"null"'), 10],
    ['PRESENT', 'the value is false', rowOf(95, 'false'), 10],
    ['PRESENT', 'the value is 0', rowOf(95, '0'), 10],
    ['NOT_FOUND', 'the row never had the feature', rowOf(95), 10],
    ['OUTSIDE_MAX_AGE', 'it is too old and null', rowOf(89, 'null'), 10],
    ['OUTSIDE_MAX_AGE', 'it is too old and never had the feature', rowOf(89), 10],
  ] as const)('is %s where %s', (status, _, row, ttlMicros) => {
    expect(statusOf(row, 0, ttlMicros, 100)).toBe(status);
  });
});
