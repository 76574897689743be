import { decodeParts } from './decode-tile.ts';
import type { FoldPlan, Partials, SlotGroup } from './fold-plan.ts';
import { isJsonArray, type JsonValue, shapeError } from './json.ts';
import { mergeSlot } from './merge-slot.ts';
import { readPacked, unpackSlots } from './pack-numbers.ts';
import type { Part } from './parts.ts';
import { finishWindow, startWindows, type UnfinishedWindow, type WindowValue } from './read-windows.ts';
import { neededOf, type SelectedGroup, type Selection } from './select-features.ts';
import { indexAt, newestAt, type SlotPlace } from './slots.ts';
import { finishByTail, type PackedTail, packTail } from './tails.ts';
import { createSlot } from './tile.ts';
import { hourMicros } from './windows.ts';

/** Hours of one group of the plan, packed one after another in a text of base64, of which line breaks do not count. */
export interface PackedSpan {
  readonly group: number;
  readonly startMicros: number;
  readonly text: string;
  /** Of each hour three numbers: which from the start on it is, and its first byte and its end. In the order of time. */
  readonly hours: readonly number[];
}

export interface PackedWindowsRead {
  readonly plan: FoldPlan;
  readonly selection: Selection;
  /** Of one entity, in the order of time, from `firstTileStart` on; of a group with a tail from its end on at least. */
  readonly spans: readonly PackedSpan[];
  readonly asOfMicros: number;
  /** The group's line of an hour's sketches as JSON. Asked for where parts are needed. */
  readonly sketchesOf: (group: number, hourStart: number) => JsonValue | undefined;
  /** By group. */
  readonly tails: ReadonlyMap<number, PackedTail>;
}

/**
 * As `readWindows`, from spans as a cache holds them: each slot is merged as it is unpacked, and nothing is made of it. `cut`
 * where the moment is within what a slot has counted, and `unlike` where an hour's sketches are of other slots than its numbers:
 * they are kept apart, and one of the two is older.
 */
export function readPackedWindows(read: PackedWindowsRead): WindowValue[] | 'cut' | 'unlike' {
  const { plan, selection, asOfMicros, tails } = read;
  const values = new Array<WindowValue>(selection.count);
  for (const selected of selection.groups) {
    const group = plan.groups[selected.group];
    if (group === undefined) throw shapeError('a group');
    const windows = startWindows(selected, asOfMicros);
    const finish = (window: UnfinishedWindow, merged: SlotPlace): void => finishWindow(window, merged.slots, values);
    const tail = tails.get(selected.group);
    const fromMicros = tail?.endMicros ?? Number.NEGATIVE_INFINITY;
    const bounds = { fromMicros, untilMicros: asOfMicros };
    const merged = mergeBackwards(read, { group, selected, windows, finish, ...bounds });
    if (typeof merged === 'string') return merged;
    if (tail === undefined) for (const window of windows) finish(window, merged);
    else finishByTail(group, tail, merged, windows, finish);
  }
  return values;
}

export interface TailOf {
  readonly plan: FoldPlan;
  /** The tail's windows. */
  readonly selected: SelectedGroup;
  /** As of a read. */
  readonly spans: readonly PackedSpan[];
  readonly asOfMicros: number;
  /** Hours from it on are not in the tail. */
  readonly endMicros: number;
}

/** The tail of a group's windows. Undefined where a sum is longer than a tail holds it, or its hours are of after the moment. */
export function packTailOf({ plan, selected, spans, asOfMicros, endMicros }: TailOf): string | undefined {
  const group = plan.groups[selected.group];
  if (group === undefined) throw shapeError('a group');
  const windows = startWindows(selected, asOfMicros);
  const tails: SlotPlace[] = [];
  const finish = (_: UnfinishedWindow, { slots }: SlotPlace): void => {
    tails.push({ slots: { ...slots, numbers: slots.numbers.slice() }, base: 0, place: 0 });
  };
  const read = { spans, asOfMicros, sketchesOf: () => undefined };
  const bounds = { fromMicros: Number.NEGATIVE_INFINITY, untilMicros: endMicros };
  const merged = mergeBackwards(read, { group, selected, windows, finish, ...bounds });
  if (typeof merged === 'string') return undefined;
  for (const window of windows) finish(window, merged);
  return packTail(group, tails);
}

/** One for all reads, since each is done with before the next begins. */
const unpacked: number[] = [];

interface Backwards {
  readonly group: SlotGroup;
  readonly selected: SelectedGroup;
  /** The shortest first. Those that begin after a slot that is there are finished and taken out. */
  readonly windows: UnfinishedWindow[];
  readonly finish: (window: UnfinishedWindow, merged: SlotPlace) => void;
  /** Slots that begin before the one, or at or after the other, are left out. */
  readonly fromMicros: number;
  readonly untilMicros: number;
}

/**
 * Merges slots from the newest on, each once: all windows of a group end at the same moment, so the longer hold the shorter, and a
 * window is finished when the next slot begins before it does.
 */
function mergeBackwards(
  { spans, asOfMicros, sketchesOf }: Pick<PackedWindowsRead, 'spans' | 'asOfMicros' | 'sketchesOf'>,
  { group, selected, windows, finish, fromMicros, untilMicros }: Backwards,
): SlotPlace | 'cut' | 'unlike' {
  const merged = createSlot(group);
  const { length } = group.emptyNumbers;
  const from = { slots: { numbers: unpacked, parts: noParts, spills: null }, base: 0, place: 0 };
  let next = windows[0];
  for (let place = spans.length - 1; place >= 0 && next !== undefined; place--) {
    const span = spans[place];
    if (span === undefined || span.group !== selected.group) continue;
    const { startMicros, text, hours } = span;
    readPacked(text);
    for (let at = hours.length - 3; at >= 0 && next !== undefined; at -= 3) {
      const hourStart = startMicros + (hours[at] ?? 0) * hourMicros;
      if (hourStart >= untilMicros || hourStart < fromMicros) continue;
      const count = unpackSlots(unpacked, hours[at + 1] ?? 0, hours[at + 2] ?? 0, length, hourStart);
      if (count === -1) throw shapeError('the numbers of slots');
      if (group.parts.length > 0) {
        const parts = partsOf(group, neededOf(selected, asOfMicros, hourStart + hourMicros), count, () =>
          sketchesOf(selected.group, hourStart),
        );
        if (parts === undefined) return 'unlike';
        from.slots.parts = parts;
      }
      for (let slot = count - 1; slot >= 0 && next !== undefined; slot--) {
        const base = slot * length;
        const slotMicros = hourStart + (unpacked[base + indexAt] ?? 0) * group.widthMicros;
        if (slotMicros >= untilMicros) continue;
        if ((unpacked[base + newestAt] ?? 0) >= asOfMicros) return 'cut';
        while (next !== undefined && slotMicros < next.startMicros) {
          finish(next, merged);
          windows.shift();
          next = windows[0];
        }
        from.base = base;
        from.place = slot;
        if (next !== undefined) mergeSlot(merged, from, next);
      }
    }
  }
  return merged;
}

const noParts: (readonly Part[])[] = [];

function partsOf(
  group: SlotGroup,
  needed: Partials | undefined,
  slots: number,
  sketches: () => JsonValue | undefined,
): (readonly Part[])[] | undefined {
  if (needed === undefined || needed.parts.length === 0) return noParts;
  const json = sketches();
  if (!isJsonArray(json) || json.length !== slots) return undefined;
  return json.map((ofSlot) => decodeParts(group, needed, ofSlot));
}
