import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyPresent, splitJsonArray } from '../../../shared/values/json-array.ts';

const elements = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { minLength: 1 });

describe('splitJsonArray', () => {
  test('gives the JSON text of each element, whatever the elements hold', () => {
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

  test('begins where it is told', () => {
    expect(splitJsonArray('[1,2,3]', 3)).toEqual(['2', '3']);
    expect(splitJsonArray('[1,"2",3]', 3)).toEqual(['"2"', '3']);
    expect(splitJsonArray('[1]', 3)).toEqual([]);
  });
});

test('copyPresent gives so many elements as they stand, and nothing where one is null or missing', () => {
  fc.assert(
    fc.property(
      elements,
      fc.array(fc.integer(), { maxLength: 2 }),
      fc.integer({ min: 1, max: 6 }),
      (values, before, count) => {
        const head = before.map((value) => `${value},`).join('');
        const texts = values.map((value) => JSON.stringify(value));
        const asked = texts.slice(0, count);
        const isPresent = asked.length === count && !asked.includes('null');
        expect(copyPresent(`[${head}${texts.join(',')}]`, head.length + 1, count)).toBe(
          isPresent ? asked.join(',') : undefined,
        );
      },
    ),
    { numRuns: 5000 },
  );
});
