import { type EncodedTile, linesOf, originOf, sectionsOf } from './encode-tile.ts';
import type { FoldPlan, Partials, SlotGroup } from './fold-plan.ts';
import { isJsonArray, type JsonValue, shapeError } from './json.ts';
import { readPacked, unpackSlots } from './pack-numbers.ts';
import { createPart, decodePart, type Part } from './parts.ts';
import { neededOf, type Selection } from './select-features.ts';
import type { Slots } from './slots.ts';
import type { Tile } from './tile.ts';

/** A read that a tile is decoded for: what that does not look at stays empty, so it is not to be merged or encoded. */
export interface DecodedFor {
  readonly selection: Selection;
  readonly asOfMicros: number;
  /** The end of the tile's hour, or of the last that was merged into it. */
  readonly endMicros: number;
}

/** The tile that `encodeTile` wrote by the same plan. Throws where the texts do not have its shape. */
export function decodeTile(
  plan: FoldPlan,
  startMicros: number,
  { state, sketches }: EncodedTile,
  read?: DecodedFor,
): Tile {
  const sections = sectionsOf(state);
  const needed = read === undefined ? plan.groups : neededFor(plan, read);
  const hasParts = needed.some((partials) => partials !== undefined && partials.parts.length > 0);
  if (hasParts && sketches === null) throw shapeError('sketches');
  const lines = hasParts && sketches !== null ? linesOf(sketches) : [];
  const groups: Slots[] = [];
  for (const [place, group] of plan.groups.entries()) {
    const partials = needed[place];
    const section = sections[place];
    if (section === undefined) throw shapeError('a section for each group');
    groups.push(
      partials === undefined
        ? { numbers: [], parts: [], spills: null }
        : decodeSlots(group, section, originOf(startMicros), partials, lines[place]),
    );
  }
  const spilled = sections[plan.groups.length];
  if (spilled !== undefined) addSpills(groups, JSON.parse(spilled));
  return { startMicros, groups };
}

function neededFor(plan: FoldPlan, { selection, asOfMicros, endMicros }: DecodedFor): (Partials | undefined)[] {
  const needed: (Partials | undefined)[] = plan.groups.map(() => undefined);
  for (const selected of selection.groups) needed[selected.group] = neededOf(selected, asOfMicros, endMicros);
  return needed;
}

function decodeSlots(
  group: SlotGroup,
  section: string,
  originMicros: number,
  needed: Partials,
  line: string | undefined,
): Slots {
  const byteLength = readPacked(section);
  // A copy of doubles, to which doubles are then added: an empty array would begin with small integers and be copied.
  const numbers = byteLength === 0 ? [] : group.emptyNumbers.slice();
  const { length } = group.emptyNumbers;
  const count = unpackSlots(numbers, 0, byteLength, length, originMicros);
  if (count === -1) throw shapeError('the numbers of slots');
  if (group.parts.length === 0) return { numbers, parts: [], spills: null };
  const isNeeded = needed.parts.length > 0;
  const json: JsonValue | undefined = isNeeded && line !== undefined && line !== '' ? JSON.parse(line) : undefined;
  const parts: (readonly Part[])[] = [];
  for (let place = 0; place < count; place++) {
    parts.push(isNeeded ? decodeParts(group, needed, elementOf(json, place)) : []);
  }
  return { numbers, parts, spills: null };
}

/** Of one slot, of which a line of the sketches has this JSON. */
export function decodeParts(group: SlotGroup, needed: Partials, json: JsonValue | undefined): Part[] {
  return group.parts.map((spec) =>
    needed.parts.includes(spec) ? decodePart(spec.kind, elementOf(json, spec.place)) : createPart(spec.kind),
  );
}

function addSpills(groups: readonly Slots[], json: JsonValue): void {
  if (!isJsonArray(json)) throw shapeError('spilled sums');
  for (let place = 0; place < json.length; place += 5) {
    const [group, index, at, digits, exponent] = json.slice(place, place + 5);
    if (typeof group !== 'number' || typeof index !== 'number' || typeof at !== 'number') throw shapeError('a place');
    if (typeof digits !== 'string' || typeof exponent !== 'number') throw shapeError('a sum');
    const slots = groups[group];
    // Empty where the read does not look at the group.
    if (slots === undefined || slots.numbers.length === 0) continue;
    const magnitude = BigInt(`0x${digits.replace('-', '')}`);
    slots.spills ??= [];
    slots.spills.push({ index, at, total: { units: digits.startsWith('-') ? -magnitude : magnitude, exponent } });
  }
}

function elementOf(json: JsonValue | undefined, index: number): JsonValue | undefined {
  return isJsonArray(json) ? json[index] : undefined;
}
