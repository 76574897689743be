import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { absenceMillis, encodeAbsence, isAbsence, isAbsenceCurrent, newestOf } from '../../../shared/cache/entry.ts';

const micros = fc.integer({ min: -1_000_000_000_000_000, max: 9_000_000_000_000_000 });
const order = fc.tuple(micros, micros);
const rowOf = (event: number, created: number): string => JSON.stringify([event, created, 1, 'a,]"b', null]);

const replaces = (offered: string, stored: string | undefined): boolean => newestOf(offered, stored) === offered;

describe('which of two stored texts stays', () => {
  test('the later event replaces the earlier, and with one event time the later creation', () => {
    fc.assert(
      fc.property(order, order, ([event, created], [storedEvent, storedCreated]) => {
        const isLater = event === storedEvent ? created > storedCreated : event > storedEvent;
        expect(replaces(rowOf(event, created), rowOf(storedEvent, storedCreated))).toBe(isLater);
      }),
    );
  });

  test('one microsecond decides, up to the year 2255', () => {
    expect(replaces(rowOf(9_007_199_254_740_991, 5), rowOf(9_007_199_254_740_990, 5))).toBe(true);
    expect(replaces(rowOf(5, 9_007_199_254_740_990), rowOf(5, 9_007_199_254_740_991))).toBe(false);
  });

  test('a row of the same order does not replace, whatever its values', () => {
    expect(replaces('[5,6,2,"new"]', '[5,6,1,"old"]')).toBe(false);
  });

  test('a row without values has an order too', () => {
    expect(replaces('[5,7]', '[5,6]')).toBe(true);
    expect(replaces('[5,6]', '[5,7]')).toBe(false);
  });

  test('anything replaces nothing, and a mark of absence', () => {
    const mark = encodeAbsence(1_000_000);
    for (const offered of ['[5,6,1]', mark]) {
      expect(replaces(offered, undefined)).toBe(true);
      expect(replaces(offered, mark)).toBe(true);
    }
  });

  test('a mark of absence never replaces a row', () => {
    expect(replaces(encodeAbsence(9_000_000_000_000_000), '[5,6,1]')).toBe(false);
  });
});

describe('a mark of absence', () => {
  const now = 1_700_000_000_000_999;

  test('is told from a row', () => {
    expect(isAbsence(encodeAbsence(now))).toBe(true);
    expect(isAbsence('[5,6,1,"!"]')).toBe(false);
  });

  test('is believed for five seconds and no longer', () => {
    const mark = encodeAbsence(now);
    expect(isAbsenceCurrent(mark, now)).toBe(true);
    expect(isAbsenceCurrent(mark, now + absenceMillis * 1000 - 1000)).toBe(true);
    expect(isAbsenceCurrent(mark, now + absenceMillis * 1000)).toBe(false);
  });
});
