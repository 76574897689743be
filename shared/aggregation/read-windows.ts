import { finalize } from './finalize.ts';
import { foldIntoSlot } from './fold-event.ts';
import type { FoldPlan, SlotGroup } from './fold-plan.ts';
import type { JsonValue } from './json.ts';
import { mergeSlot } from './merge-slot.ts';
import type { CountedEvent } from './parts.ts';
import type { SelectedGroup, SelectedWindow, Selection } from './select-features.ts';
import { countAt, indexAt, newestAt, type SlotPlace, type Slots } from './slots.ts';
import { createSlot, type Tile } from './tile.ts';
import { windowStart } from './windows.ts';

/** What a window feature answers, before its view's TTL is looked at. */
export interface WindowValue {
  /** Null unless PRESENT. */
  readonly value: JsonValue;
  readonly status: 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND';
  /** Of the newest event in the window, microseconds since the epoch; null where there is none. */
  readonly eventMicros: number | null;
}

export interface WindowsRead {
  readonly plan: FoldPlan;
  readonly selection: Selection;
  /** Of one entity, in the order of time, from `firstTileStart` on. */
  readonly tiles: readonly Tile[];
  readonly asOfMicros: number;
  /** The entity's events from `headStart` on, where that asks for them. Others do no harm. */
  readonly headEvents?: readonly CountedEvent[] | undefined;
}

/**
 * The selected features as of a moment: of the events with `windowStart <= event_time < asOf`. Tiles stay as they are.
 */
export function readWindows(read: WindowsRead): WindowValue[] {
  const values = new Array<WindowValue>(read.selection.count);
  for (const selected of read.selection.groups) readGroup(read, selected, values);
  return values;
}

/**
 * From when on the events themselves are needed: the start of a slot that holds events at or after the moment, be it
 * past or their times a little ahead of the clock. Undefined where the tiles are enough.
 */
export function headStart({ plan, selection, tiles, asOfMicros }: WindowsRead): number | undefined {
  let earliest: number | undefined;
  for (const { group: place } of selection.groups) {
    // Tiles may be of some groups only, and of each its last has the slot that holds the moment.
    const tile = tiles.findLast(
      ({ startMicros, groups }) => startMicros < asOfMicros && groups[place]?.numbers.length !== 0,
    );
    const group = plan.groups[place];
    const slots = tile?.groups[place];
    if (tile === undefined || group === undefined || slots === undefined) continue;
    const { length } = group.emptyNumbers;
    for (let base = slots.numbers.length - length; base >= 0; base -= length) {
      const startMicros = startOf(tile, slots, base, group);
      if (startMicros >= asOfMicros || !isCut(slots, base, asOfMicros)) continue;
      earliest = Math.min(earliest ?? startMicros, startMicros);
    }
  }
  return earliest;
}

/**
 * All windows of a group end at the same moment, so the longer hold the shorter: each slot is merged once, from the
 * newest on, and a window is finished when the next slot begins before it does.
 */
function readGroup(read: WindowsRead, selected: SelectedGroup, values: WindowValue[]): void {
  const { plan, tiles, asOfMicros } = read;
  const group = plan.groups[selected.group];
  if (group === undefined) return;
  const { length } = group.emptyNumbers;
  const merged = createSlot(group);
  const unfinished = startWindows(selected, asOfMicros);
  let next = unfinished.shift();
  for (let index = tiles.length - 1; index >= 0 && next !== undefined; index--) {
    const tile = tiles[index];
    const slots = tile?.groups[selected.group];
    if (tile === undefined || slots === undefined) continue;
    for (let base = slots.numbers.length - length; base >= 0 && next !== undefined; base -= length) {
      const slotMicros = startOf(tile, slots, base, group);
      if (slotMicros >= asOfMicros) continue;
      while (next !== undefined && slotMicros < next.startMicros) {
        finishWindow(next, merged.slots, values);
        next = unfinished.shift();
      }
      if (next === undefined) return;
      const slot = isCut(slots, base, asOfMicros)
        ? cutSlot(group, read, slotMicros)
        : { slots, base, place: base / length };
      mergeSlot(merged, slot, next);
    }
  }
  for (; next !== undefined; next = unfinished.shift()) finishWindow(next, merged.slots, values);
}

export interface UnfinishedWindow extends SelectedWindow {
  readonly startMicros: number;
}

/** The windows of a group, the shortest first, with where they begin. */
export function startWindows({ windows }: SelectedGroup, asOfMicros: number): UnfinishedWindow[] {
  return windows.map(({ window, features, cells, parts }) => {
    return { window, features, cells, parts, startMicros: windowStart(window, asOfMicros) };
  });
}

/** Writes what features answer of a window whose events are in one slot. */
export function finishWindow({ features }: SelectedWindow, slots: Slots, values: WindowValue[]): void {
  const hasEvents = slots.numbers[countAt] !== 0;
  const eventMicros = hasEvents ? (slots.numbers[newestAt] ?? 0) : null;
  for (const { feature, position } of features) {
    const value = finalize(feature, slots);
    const status = value !== null ? 'PRESENT' : hasEvents ? 'NULL_VALUE' : 'NOT_FOUND';
    values[position] = { value, status, eventMicros };
  }
}

/** The part of a slot that is before the moment, from the events. */
function cutSlot(group: SlotGroup, { headEvents, asOfMicros }: WindowsRead, slotMicros: number): SlotPlace {
  if (slotMicros === Number.NEGATIVE_INFINITY) throw new RangeError('A rolled-up tile was read as of a time within it');
  if (headEvents === undefined)
    throw new RangeError('The read needs the events from headStart on, and none were given');
  const slot = createSlot(group);
  for (const event of headEvents) {
    if (event.eventMicros < slotMicros || event.eventMicros >= asOfMicros) continue;
    foldIntoSlot(group, slot.slots, slot.base, event);
  }
  return slot;
}

function startOf(tile: Tile, { numbers }: Slots, base: number, { widthMicros }: SlotGroup): number {
  return tile.startMicros + (numbers[base + indexAt] ?? 0) * widthMicros;
}

/** Whether the slot has an event at or after the moment. */
function isCut({ numbers }: Slots, base: number, asOfMicros: number): boolean {
  return (numbers[base + newestAt] ?? 0) >= asOfMicros;
}
