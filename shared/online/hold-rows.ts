import { answerTooLarge } from '../platform/answer-limit.ts';
import type { PlannedFeature, ReadPlan } from '../registry/index.ts';
import { copyText, narrowRow, type StoredRow } from '../values/index.ts';

/**
 * Rows of the first trip, which is the only one of most requests, and at most of one: a row may have 1 MiB, so this
 * decides what a trip may hold. Rows that were large so far are read fewer at once.
 */
export const firstAtOnce = 128;
const mostAtOnce = 256;
const leastAtOnce = 16;
const usualCharacters = 16 * 1024 * 1024;

/** Characters of rows that are held whole. */
const mostWholeCharacters = 16 * 1024 * 1024;

export interface HeldRows {
  /** By place; undefined where an entity has no row of a table. */
  readonly stored: readonly (StoredRow | undefined)[];
  /** Throws payload_too_large once an answer with all rows so far would be over the limit. `length` is of the row's text. */
  hold(place: number, slot: number, row: StoredRow, length: number): void;
  /** How many rows the next trip may read. */
  atOnce(): number;
}

/**
 * The rows behind an answer while they come: the first 16 MiB as they are, of those after them the values that will be
 * answered. Together with the trip under way that is all that a request holds, whatever the rows have beside.
 */
export function createHeldRows(plan: ReadPlan, maxAnswerBytes: number, asOfMicros: number): HeldRows {
  const stored: (StoredRow | undefined)[] = [];
  let wanted: Map<number, PlannedFeature[]> | undefined;
  let rows = 0;
  let characters = 0;
  let narrowedCharacters = 0;

  return {
    stored,
    hold: (place, slot, row, length) => {
      rows++;
      characters += length;
      if (characters <= mostWholeCharacters) {
        stored[place] = row;
        return;
      }
      wanted ??= Map.groupBy(plan.features, (feature) => feature.slot);
      const narrowed = narrowRow(row, wanted.get(slot) ?? [], asOfMicros, copyText);
      narrowedCharacters += narrowed.length;
      if (narrowedCharacters > maxAnswerBytes) throw answerTooLarge(maxAnswerBytes);
      stored[place] = narrowed.row;
    },
    atOnce: () => {
      if (rows === 0) return firstAtOnce;
      const fitting = Math.floor((usualCharacters * rows) / Math.max(1, characters));
      return Math.min(mostAtOnce, Math.max(leastAtOnce, fitting));
    },
  };
}
