import type { FoldPlan, SlotGroup } from './fold-plan.ts';
import { createPart, type Part } from './parts.ts';
import { findSlot, indexAt, type SlotPlace, type Slots } from './slots.ts';
import { hourMicros } from './windows.ts';

/**
 * The partials of the events of one entity from `startMicros` on: of an hour, or of several that were merged into one.
 */
export interface Tile {
  readonly startMicros: number;
  /** Of each group of the plan. */
  readonly groups: readonly Slots[];
}

/** The start of the hour that an event belongs to. */
export function tileStart(eventMicros: number): number {
  return Math.floor(eventMicros / hourMicros) * hourMicros;
}

export function createTile(plan: FoldPlan, startMicros: number): Tile {
  return { startMicros, groups: plan.groups.map(() => ({ numbers: [], parts: [], spills: null })) };
}

/** Where the slot at `index` begins in the numbers, made if there is none yet. */
export function slotAt(group: SlotGroup, slots: Slots, index: number): number {
  const { emptyNumbers } = group;
  const found = findSlot(slots, emptyNumbers.length, index);
  if (found >= 0) return found;
  const base = ~found;
  if (base === slots.numbers.length) for (const each of emptyNumbers) slots.numbers.push(each);
  else slots.numbers.splice(base, 0, ...emptyNumbers);
  slots.numbers[base + indexAt] = index;
  if (group.parts.length > 0) slots.parts.splice(base / emptyNumbers.length, 0, createParts(group));
  return base;
}

function createParts({ parts }: SlotGroup): readonly Part[] {
  return parts.map(({ kind }) => createPart(kind));
}

/** A slot by itself, without events. */
export function createSlot(group: SlotGroup): SlotPlace {
  return {
    slots: { numbers: group.emptyNumbers.slice(), parts: [createParts(group)], spills: null },
    base: 0,
    place: 0,
  };
}
