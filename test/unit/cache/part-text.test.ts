import { describe, expect, test } from 'vitest';
import { newestOf, writePartText } from '../../../shared/cache/index.ts';

const textOf = (number: number, ...parts: [name: number, revision: number, text: string][]): string =>
  writePartText(
    { kind: 3, number },
    parts.map(([name, revision, text]) => ({ name, revision, text })),
  );

describe('a text of parts', () => {
  test('takes the parts that are newer, and keeps the others where they stand', () => {
    const stored = textOf(20_000, [9, 5, 'nine'], [10, 2, 'ten_'], [0, 1, 'zero']);
    const offered = textOf(20_000, [10, 3, 'later ten'], [9, 4, 'older'], [11, 1, 'new_']);
    expect(newestOf(offered, stored)).toBe(
      textOf(20_000, [9, 5, 'nine'], [10, 3, 'later ten'], [0, 1, 'zero'], [11, 1, 'new_']),
    );
  });

  test('stays as it is where nothing of what is offered is newer', () => {
    const stored = textOf(20_000, [9, 5, 'nine']);
    expect(newestOf(textOf(20_000, [9, 5, 'same revision']), stored)).toBeUndefined();
    expect(newestOf(textOf(20_000, [9, 4, 'older']), stored)).toBeUndefined();
  });

  test('takes the place of one with a lesser number, and never of one with a greater', () => {
    const today = textOf(20_001, [0, 1, 'new_']);
    const before = textOf(20_000, [0, 99, 'old_']);
    expect(newestOf(today, before)).toBe(today);
    expect(newestOf(before, today)).toBeUndefined();
  });

  test('compares revisions as numbers, up to those of int4', () => {
    const stored = textOf(1, [0, 999_999_999, 'less']);
    expect(newestOf(textOf(1, [0, 2_147_483_647, 'more']), stored)).toBe(textOf(1, [0, 2_147_483_647, 'more']));
  });
});
