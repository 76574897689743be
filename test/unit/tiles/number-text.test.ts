import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberText } from '../../../shared/tiles/number-text.ts';

test('a number is written as String writes it', () => {
  const hundredths = fc.integer({ min: -(10 ** 12), max: 10 ** 12 }).map((count) => count / 100);
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });
  const large = fc.double({ min: 1e12, max: 1e22, noNaN: true });
  const sums = fc.array(hundredths, { maxLength: 9 }).map((each) => each.reduce((sum, value) => sum + value, 0));
  const edges = fc.constantFrom(0, -0, 0.1, -0.01, 0.05, 1.005, 0.999, 1e21, 1e-7, 123e15 + 0.5, 9999999999999.99);
  fc.assert(
    fc.property(fc.oneof(hundredths, any, large, sums, edges), (value) => {
      expect(numberText(value)).toBe(String(value));
    }),
    { numRuns: 20_000 },
  );
});
