import fc from 'fast-check';
import { expect, test } from 'vitest';
import { farParts, nearParts, olderParts, type SpinePart } from '../../../shared/values/spine-parts.ts';

const day = 86_400_000_000;
const month = 30.5 * day;
const now = Date.UTC(2026, 5, 15) * 1000;
/** Rows may be of these times. */
const [first, last] = [0, Date.UTC(2254, 11, 31) * 1000];

const moments = fc.array(
  fc.oneof(fc.integer({ min: now - 1800 * day, max: now }), fc.integer({ min: -62_135_596_800_000_000, max: last })),
  { maxLength: 200 },
);
const everyPlace = (untilMicros: readonly number[]): number[] => untilMicros.map((_, place) => place);
const spanOf = (length: number, span: number): number[] =>
  Array.from({ length }, (_, place) => now - (place * span) / length);
const placesOf = (parts: readonly SpinePart[]): number[] => parts.flatMap(({ places }) => places);

test('Each place stands in one part, which has all rows of the 40 days before it', () => {
  fc.assert(
    fc.property(moments, fc.array(fc.nat(199)), (untilMicros, leftOut) => {
      const asked = everyPlace(untilMicros).filter((place) => !leftOut.includes(place));
      const parts = nearParts(untilMicros, asked);
      expect(placesOf(parts).toSorted((a, b) => a - b)).toEqual(asked);
      for (const part of parts) {
        for (const place of part.places) expectWithin(part, untilMicros[place] ?? 0, 40 * day);
      }
    }),
  );
});

test('Places left over are looked for in all years before them, each row of which is in one part', () => {
  fc.assert(
    fc.property(moments, (untilMicros) => {
      const far = farParts(untilMicros, everyPlace(untilMicros));
      expect(placesOf(far).toSorted((a, b) => a - b)).toEqual(everyPlace(untilMicros));
      for (const part of far) {
        for (const place of part.places) expectWithin(part, untilMicros[place] ?? 0, 20 * 365 * day);
        const parts = [part, ...olderParts(part, part.places)];
        for (const [index, { afterMicros, places }] of parts.entries()) {
          expect(places).toEqual(part.places);
          const next = parts[index + 1];
          if (next === undefined) expect(afterMicros).toBeLessThan(first);
          else expect(next.untilMicros).toBe(afterMicros);
        }
      }
    }),
  );
});

function expectWithin({ afterMicros, untilMicros }: SpinePart, micros: number, reach: number): void {
  const ofRows = Math.min(Math.max(micros, first - 1), last);
  expect(afterMicros).toBeLessThanOrEqual(Math.max(ofRows - reach, first - 1));
  expect(untilMicros).toBeGreaterThanOrEqual(ofRows);
}

test('Nothing older is looked for once every place has a row', () => {
  expect(olderParts({ places: [1], afterMicros: now - 20 * 365 * day, untilMicros: now }, [])).toEqual([]);
});

test.each([
  ['100 places of a month', 100, month, 1],
  ['100 places of 5 years', 100, 60 * month, 2],
  ['1,000 places of a month', 1000, month, 1],
  ['1,000 places of 5 years', 1000, 60 * month, 4],
  ['10,000 places of a moment', 10_000, 0, 1],
  ['10,000 places of a month', 10_000, month, 10],
  ['10,000 places of 5 years', 10_000, 60 * month, 40],
])('%s are %d parts', (_, places, span, parts) => {
  const untilMicros = spanOf(places, span);
  expect(nearParts(untilMicros, everyPlace(untilMicros))).toHaveLength(parts);
});
