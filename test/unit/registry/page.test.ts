import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byName, pageOf } from '../../../shared/registry/page.ts';

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_:@]{0,20}$/);
const names = fc.uniqueArray(name, { maxLength: 60 }).map((found) => found.sort(byName));
const keyOf = (entry: string): string => entry;

/** All pages one after the other, as a client reads them; `between` may change the list after each. */
function readAll(sorted: readonly string[], limit: number, between = (list: readonly string[]) => list): string[][] {
  const pages: string[][] = [];
  let list = sorted;
  let cursor: string | undefined;
  do {
    const page = pageOf(list, keyOf, { limit, cursor });
    pages.push([...page.entries]);
    cursor = page.nextCursor ?? undefined;
    list = between(list);
  } while (cursor !== undefined);
  return pages;
}

test('the pages of a list are the list, each full but the last, and none empty but of an empty list', () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 20 }), (sorted, limit) => {
      const pages = readAll(sorted, limit);
      expect(pages.flat()).toEqual(sorted);
      expect(pages).toHaveLength(Math.max(1, Math.ceil(sorted.length / limit)));
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
    }),
  );
});

test('what is inserted or deleted in between moves nothing: each entry that stays comes once', () => {
  fc.assert(
    fc.property(
      names,
      names,
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 2, max: 5 }),
      (sorted, added, limit, nth) => {
        let isChanged = false;
        const pages = readAll(sorted, limit, (list) => {
          if (isChanged) return list;
          isChanged = true;
          const kept = list.filter((_, index) => index % nth !== 0);
          return [...new Set([...kept, ...added])].sort(byName);
        });
        const found = pages.flat();
        expect(new Set(found).size).toBe(found.length);
        expect(found).toEqual([...found].sort(byName));
        for (const [index, entry] of sorted.entries()) if (index % nth !== 0) expect(found).toContain(entry);
      },
    ),
  );
});

test('a cursor of an entry that is gone goes on with the next one', () => {
  const first = pageOf(['a', 'b', 'c', 'd'], keyOf, { limit: 2 });
  expect(first.entries).toEqual(['a', 'b']);
  const cursor = first.nextCursor ?? '';
  expect(pageOf(['a', 'c', 'd'], keyOf, { limit: 2, cursor }).entries).toEqual(['c', 'd']);
  expect(pageOf(['a'], keyOf, { limit: 2, cursor })).toEqual({ entries: [], nextCursor: null });
});

test('names are in the order of their code units: capitals before small letters, digits before both', () => {
  expect(['b', 'a', 'B', 'a_', 'a1', 'aA', 'A'].sort(byName)).toEqual(['A', 'B', 'a', 'a1', 'aA', 'a_', 'b']);
});

test.each(['', '!', 'YQ==', 'a', 'YQ\n', '\u00e9', 'wyg'])(
  'a cursor that none of ours is, %j, is refused',
  (cursor) => {
    expect(() => pageOf(['a'], keyOf, { limit: 1, cursor })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  },
);
