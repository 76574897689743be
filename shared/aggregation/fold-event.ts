import type { FoldPlan, SlotGroup } from './fold-plan.ts';
import { foldNumber } from './numeric-cells.ts';
import { type CountedEvent, foldPart } from './parts.ts';
import { countAt, newestAt, type Slots } from './slots.ts';
import { slotAt, type Tile } from './tile.ts';

/**
 * Folds an event into its entity's tile of its hour. The caller has left out what the view's filter does not pass,
 * events without an entity, and duplicates.
 */
export function foldEvent(plan: FoldPlan, tile: Tile, event: CountedEvent): void {
  const offsetMicros = event.eventMicros - tile.startMicros;
  for (let place = 0; place < plan.groups.length; place++) {
    const group = plan.groups[place];
    const slots = tile.groups[place];
    if (group === undefined || slots === undefined) continue;
    foldIntoSlot(group, slots, slotAt(group, slots, Math.floor(offsetMicros / group.widthMicros)), event);
  }
}

/** Folds an event into the slot that begins at `base`. */
export function foldIntoSlot(group: SlotGroup, slots: Slots, base: number, event: CountedEvent): void {
  const { numbers } = slots;
  const before = numbers[base + countAt] ?? 0;
  numbers[base + countAt] = before + 1;
  if (before === 0 || event.eventMicros > (numbers[base + newestAt] ?? 0)) numbers[base + newestAt] = event.eventMicros;
  for (let place = 0; place < group.cells.length; place++) {
    const cells = group.cells[place];
    if (cells !== undefined) foldNumber(slots, base, cells, event.values[cells.position] ?? null);
  }
  if (group.parts.length === 0) return;
  const parts = slots.parts[base / group.emptyNumbers.length];
  for (let place = 0; place < group.parts.length; place++) {
    const spec = group.parts[place];
    const part = parts?.[place];
    if (part !== undefined && spec !== undefined) foldPart(part, spec, event);
  }
}
