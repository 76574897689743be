import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizeEntityId } from '../../../shared/contract/entity-id.ts';

describe('normalizeEntityId', () => {
  test('leaves every text of 1 to 512 bytes as it is, and refuses every other', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600, size: 'max' }),
      fc.string({ unit: 'binary-ascii', maxLength: 600, size: 'max' }),
      fc.string({ unit: fc.constantFrom('é', '漢', '🙂', 'a', '\ud83d', '\ude42', '\0'), maxLength: 300, size: 'max' }),
      fc.integer({ min: 508, max: 516 }).map((length) => 'x'.repeat(length)),
      fc.integer({ min: 254, max: 258 }).map((length) => 'é'.repeat(length)),
    );
    fc.assert(
      fc.property(text, (given) => {
        const bytes = new TextEncoder().encode(given);
        // Encoding puts U+FFFD in the place of a lone surrogate.
        const isWellFormed = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) === given;
        const isId = bytes.length >= 1 && bytes.length <= 512 && isWellFormed && !bytes.includes(0);
        expect(normalizeEntityId(given)).toBe(isId ? given : undefined);
      }),
      { numRuns: 3000 },
    );
  });

  test('turns every safe integer to its decimal text', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (given) => {
        expect(normalizeEntityId(given)).toBe(BigInt(given).toString());
      }),
    );
    expect(normalizeEntityId(-0)).toBe('0');
    expect(normalizeEntityId(1e15)).toBe('1000000000000000');
  });

  test.each([2 ** 53, -(2 ** 53), 1.5, 1e300, NaN, Infinity, 5n, true, null, undefined, {}, [], ['a'], new Date(0)])(
    'refuses %s',
    (given) => {
      expect(normalizeEntityId(given)).toBeUndefined();
    },
  );
});
