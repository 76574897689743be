import { answerTooLarge } from '../platform/answer-limit.ts';
import type { PlannedFeature, ReadPlan } from '../registry/index.ts';
import { copyText, narrowRow, type StoredRow } from '../values/index.ts';

/** Characters of rows that are held whole. */
const mostWholeCharacters = 16 * 1024 * 1024;

export interface HeldRows {
  /** By place; undefined where an entity has no row of a table. */
  readonly stored: readonly (StoredRow | undefined)[];
  /** Throws payload_too_large once an answer with all rows so far would be over the limit. `length` is of the row's text. */
  hold(place: number, slot: number, row: StoredRow, length: number): void;
  /** How many rows there were so far, and what their texts had together. */
  count(): { readonly rows: number; readonly characters: number };
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
    count: () => ({ rows, characters }),
  };
}
