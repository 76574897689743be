import { describe, expect, test } from 'vitest';
import { parseStoredRow, type StoredRow, statusOf } from '../../../shared/values/stored-row.ts';

test('a stored row is its times, its revision and the texts of its values', () => {
  const row = parseStoredRow('[1769860800000001,1769860800000002,3,"a",null,[1]]');
  expect({ ...row, values: row.values }).toEqual({
    eventMicros: 1_769_860_800_000_001,
    createdMicros: 1_769_860_800_000_002,
    revision: 3,
    values: ['"a"', 'null', '[1]'],
  });
});

test.each([
  ['[-1,2,3]', []],
  ['[-1,2,3,0]', ['0']],
])('a stored row may be of few values: %s', (text, values) => {
  const row = parseStoredRow(text);
  expect({ ...row, values: row.values }).toEqual({ eventMicros: -1, createdMicros: 2, revision: 3, values });
});

test('the first values are one text where all are present', () => {
  const row = parseStoredRow('[1,2,3,"null",[4,null],null,5]');
  expect(row.presentText?.(1)).toBe('"null"');
  expect(row.presentText?.(2)).toBe('"null",[4,null]');
  expect(row.presentText?.(3)).toBeUndefined();
  expect(parseStoredRow('[1,2,3,4]').presentText?.(2)).toBeUndefined();
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
