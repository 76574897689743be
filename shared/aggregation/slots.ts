import type { Dyadic } from './dyadic.ts';
import type { Part } from './parts.ts';

/**
 * The partials of one entity in the slots of one tile that have an event, in the order of time. One list holds the
 * numbers of all slots, each as long as the group's `emptyNumbers`: a tile of 20 slots is then read and written 3 times
 * as fast as with a list for each.
 */
export interface Slots {
  readonly numbers: number[];
  /** Of each slot; empty where the group has no parts. */
  readonly parts: (readonly Part[])[];
  /** What did not fit into the numbers; null for almost all. */
  spills: Spill[] | null;
}

export interface Spill {
  /** Of the slot. */
  readonly index: number;
  /** Where the sum begins in the slot. */
  readonly at: number;
  total: Dyadic;
}

/** A slot: where it begins among the numbers, and its place among the parts. */
export interface SlotPlace {
  readonly slots: Slots;
  readonly base: number;
  readonly place: number;
}

/** The first numbers of a slot: its place in the tile, how many events were counted, and the time of the newest. */
export const indexAt = 0;
export const countAt = 1;
export const newestAt = 2;
export const headLength = 3;

/** Where the slot at `index` begins, or `~` where it would have to be inserted, which is below 0. */
export function findSlot({ numbers }: Slots, length: number, index: number): number {
  // Most events belong to the newest slot.
  for (let base = numbers.length - length; base >= 0; base -= length) {
    const found = numbers[base + indexAt] ?? 0;
    if (found === index) return base;
    if (found < index) return ~(base + length);
  }
  return ~0;
}
