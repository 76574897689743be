import type { Partials } from './fold-plan.ts';
import { mergeNumbers } from './numeric-cells.ts';
import { mergePart } from './parts.ts';
import { countAt, newestAt, type SlotPlace } from './slots.ts';

/** Adds the events of a slot to another, as far as `partials` go. True where a part may have changed. */
export function mergeSlot(into: SlotPlace, from: SlotPlace, { cells, parts }: Partials): boolean {
  const { numbers } = into.slots;
  const before = numbers[into.base + countAt] ?? 0;
  numbers[into.base + countAt] = before + (from.slots.numbers[from.base + countAt] ?? 0);
  const newestMicros = from.slots.numbers[from.base + newestAt] ?? 0;
  if (before === 0 || newestMicros > (numbers[into.base + newestAt] ?? 0)) numbers[into.base + newestAt] = newestMicros;
  for (let index = 0; index < cells.length; index++) {
    const each = cells[index];
    if (each !== undefined) mergeNumbers(into.slots, into.base, from.slots, from.base, each);
  }
  let isChanged = false;
  for (const spec of parts) {
    const part = into.slots.parts[into.place]?.[spec.place];
    const other = from.slots.parts[from.place]?.[spec.place];
    if (part !== undefined && other !== undefined) isChanged = mergePart(part, other, spec) || isChanged;
  }
  return isChanged;
}
