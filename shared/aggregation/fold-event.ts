import type { FoldPlan, SlotGroup } from './fold-plan.ts';
import { foldNumber } from './numeric-cells.ts';
import { type CountedEvent, foldPart } from './parts.ts';
import { countAt, newestAt, type Slots } from './slots.ts';
import { slotAt, type Tile } from './tile.ts';

/**
 * Folds an event into its entity's tile of its hour. The caller has left out what the view's filter does not pass,
 * events without an entity, and duplicates. True where the sketches have changed, and are to be written anew.
 */
export function foldEvent(plan: FoldPlan, tile: Tile, event: CountedEvent): boolean {
  let isChanged = false;
  const offsetMicros = event.eventMicros - tile.startMicros;
  for (let place = 0; place < plan.groups.length; place++) {
    const group = plan.groups[place];
    const slots = tile.groups[place];
    if (group === undefined || slots === undefined) continue;
    const before = slots.numbers.length;
    const base = slotAt(group, slots, Math.floor(offsetMicros / group.widthMicros));
    isChanged = foldIntoSlot(group, slots, base, event) || isChanged;
    // Parts are told apart by the place of their slot, also those of a slot that has only nulls.
    if (group.parts.length > 0 && slots.numbers.length > before) isChanged = true;
  }
  return isChanged;
}

/** Folds an event into the slot that begins at `base`. True where a part has changed. */
export function foldIntoSlot(group: SlotGroup, slots: Slots, base: number, event: CountedEvent): boolean {
  const { numbers } = slots;
  const before = numbers[base + countAt] ?? 0;
  numbers[base + countAt] = before + 1;
  if (before === 0 || event.eventMicros > (numbers[base + newestAt] ?? 0)) numbers[base + newestAt] = event.eventMicros;
  for (let place = 0; place < group.cells.length; place++) {
    const cells = group.cells[place];
    if (cells !== undefined) foldNumber(slots, base, cells, event.values[cells.position] ?? null);
  }
  if (group.parts.length === 0) return false;
  let isChanged = false;
  const parts = slots.parts[base / group.emptyNumbers.length];
  for (let place = 0; place < group.parts.length; place++) {
    const spec = group.parts[place];
    const part = parts?.[place];
    if (part !== undefined && spec !== undefined) isChanged = foldPart(part, spec, event) || isChanged;
  }
  return isChanged;
}
