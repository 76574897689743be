import { expect, test } from 'vitest';
import { createRefusals } from '../../../shared/limits/refusals.ts';

const refusal = { untilMillis: 1000, fullMillis: 5000 };

test('a refusal holds until its end, and for its bucket alone', () => {
  const refusals = createRefusals();
  refusals.note('one', refusal);
  expect(refusals.find('one', 999.9)).toBe(refusal);
  expect(refusals.find('other', 0)).toBeUndefined();
  expect(refusals.find('one', 1000)).toBeUndefined();
  // It is gone, not only passed over.
  expect(refusals.find('one', 0)).toBeUndefined();
});

test('the later of two refusals of a bucket holds', () => {
  const refusals = createRefusals();
  const later = { untilMillis: 2000, fullMillis: 6000 };
  refusals.note('one', refusal);
  refusals.note('one', later);
  expect(refusals.find('one', 1500)).toBe(later);
});

test('of too many the oldest is forgotten, and one noted again is not the oldest', () => {
  const refusals = createRefusals(2);
  refusals.note('one', refusal);
  refusals.note('two', refusal);
  refusals.note('one', refusal);
  refusals.note('three', refusal);
  expect(['one', 'two', 'three'].filter((id) => refusals.find(id, 0) !== undefined)).toEqual(['one', 'three']);
});
