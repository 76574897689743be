import type { SlotGroup } from './fold-plan.ts';
import { shapeError } from './json.ts';
import { mergeSlot } from './merge-slot.ts';
import { packNumbers, readPacked, unpackSlots } from './pack-numbers.ts';
import type { UnfinishedWindow } from './read-windows.ts';
import type { SelectedWindow } from './select-features.ts';
import type { SlotPlace } from './slots.ts';
import { createSlot } from './tile.ts';

/*
 * The tail of a group's windows: what each of them holds of the hours before the last few. It stays the same for an hour but
 * for late events, and a window of days is then a handful of slots to merge.
 */

/** The tails of a group's windows, as a cache holds them. */
export interface PackedTail {
  /** A whole hour; what begins at it or later is not in the tail. */
  readonly endMicros: number;
  /** Of base64: a slot for each of `windows`. */
  readonly text: string;
  readonly windows: readonly SelectedWindow[];
}

/** The numbers of a tail, of slots that were merged up to the start of each window. Undefined where they hold spilled sums. */
export function packTail(group: SlotGroup, merged: readonly SlotPlace[]): string | undefined {
  if (merged.some(({ slots }) => slots.spills !== null)) return undefined;
  const { length } = group.emptyNumbers;
  return packNumbers(
    merged.flatMap(({ slots }) => slots.numbers.slice(0, length)),
    length,
    0,
  );
}

const unpacked: number[] = [];

/** Finishes windows of which all slots after the tail are in `merged`. */
export function finishByTail(
  group: SlotGroup,
  tail: PackedTail,
  merged: SlotPlace,
  windows: readonly UnfinishedWindow[],
  finish: (window: UnfinishedWindow, merged: SlotPlace) => void,
): void {
  const { length } = group.emptyNumbers;
  const count = unpackSlots(unpacked, 0, readPacked(tail.text), length, 0);
  if (count !== tail.windows.length) throw shapeError('the tail of each window');
  for (const window of windows) {
    const place = tail.windows.findIndex((each) => each.window?.windowMicros === window.window?.windowMicros);
    if (place === -1) throw shapeError('the tail of a window');
    const whole = createSlot(group);
    mergeSlot(whole, merged, window);
    const from = { slots: { numbers: unpacked, parts: [], spills: null }, base: place * length, place };
    mergeSlot(whole, from, window);
    finish(window, whole);
  }
}
