import type { FoldPlan } from './fold-plan.ts';
import { mergeSlot } from './merge-slot.ts';
import { type Selection, selectFeatures } from './select-features.ts';
import { slotAt, type Tile } from './tile.ts';

/** Where a rolled-up tile starts: before all others. It is read for lifetime windows alone. */
export const rollUpStart = Number.NEGATIVE_INFINITY;

/** The lifetime features of a plan. Without any, old tiles need no rolling up. */
export function selectLifetimes(plan: FoldPlan): Selection {
  const places = [...plan.features.keys()];
  return selectFeatures(
    plan,
    places.filter((place) => plan.features[place]?.window === null),
  );
}

/**
 * Adds a tile to the one that stands for all before a moment: what lifetime windows keep when events and tiles go.
 * `createTile(plan, rollUpStart)` begins one. It can be read as of any time after its newest event.
 */
export function rollUp(plan: FoldPlan, lifetimes: Selection, into: Tile, tile: Tile): void {
  for (const { group: place, windows } of lifetimes.groups) {
    const group = plan.groups[place];
    const slots = into.groups[place];
    const from = tile.groups[place];
    const [needed] = windows;
    if (group === undefined || slots === undefined || from === undefined || needed === undefined) continue;
    const { length } = group.emptyNumbers;
    for (let base = 0; base < from.numbers.length; base += length) {
      const rolled = { slots, base: slotAt(group, slots, 0), place: 0 };
      mergeSlot(rolled, { slots: from, base, place: base / length }, needed);
    }
  }
}
