import type { FoldPlan, SlotGroup } from './fold-plan.ts';
import { mergeSlot } from './merge-slot.ts';
import { indexAt, type Slots } from './slots.ts';
import { slotAt, type Tile } from './tile.ts';

/**
 * Adds the events of `from`, a tile of the same entity, to `into`, which begins at the same hour or an earlier one. So
 * hours are also packed into days. True where the sketches may have changed and are to be written anew. `from` stays as
 * it is.
 */
export function mergeTile(plan: FoldPlan, into: Tile, from: Tile): boolean {
  let isChanged = false;
  for (let place = 0; place < plan.groups.length; place++) {
    const group = plan.groups[place];
    const slots = into.groups[place];
    const others = from.groups[place];
    if (group === undefined || slots === undefined || others === undefined) continue;
    const shift = (from.startMicros - into.startMicros) / group.widthMicros;
    isChanged = mergeSlots(group, slots, others, shift) || isChanged;
  }
  return isChanged;
}

function mergeSlots(group: SlotGroup, into: Slots, from: Slots, shift: number): boolean {
  const { length } = group.emptyNumbers;
  const before = into.numbers.length;
  let isChanged = false;
  for (let fromBase = 0; fromBase < from.numbers.length; fromBase += length) {
    const base = slotAt(group, into, (from.numbers[fromBase + indexAt] ?? 0) + shift);
    const place = { slots: into, base, place: base / length };
    isChanged = mergeSlot(place, { slots: from, base: fromBase, place: fromBase / length }, group) || isChanged;
  }
  // Parts are told apart by the place of their slot, also those of a slot that has only nulls.
  return isChanged || (group.parts.length > 0 && into.numbers.length > before);
}
