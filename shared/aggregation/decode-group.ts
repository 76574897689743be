import { decodeParts } from './decode-tile.ts';
import type { FoldPlan, Partials } from './fold-plan.ts';
import { isJsonArray, type JsonValue, shapeError } from './json.ts';
import { readPacked, unpackNumbers } from './pack-numbers.ts';
import type { Part } from './parts.ts';
import type { Tile } from './tile.ts';

/** An hour's slots of one group, among the bytes that a text of several hours is of. */
export interface PackedHour {
  readonly startMicros: number;
  readonly from: number;
  readonly to: number;
  /** The group's line of the sketches as JSON; undefined where none of its parts is needed. */
  readonly sketches: JsonValue | undefined;
  readonly needed: Partials | undefined;
}

export interface PackedGroup {
  /** The place of the group in the plan. */
  readonly place: number;
  readonly startMicros: number;
  /** Base64, of which line breaks do not count. */
  readonly text: string;
  /** In the order of time. */
  readonly hours: readonly PackedHour[];
}

/**
 * A tile of one group alone, which reads take for what it is. Undefined where an hour's sketches are of other slots than its
 * numbers: they are kept apart, and one of the two is older.
 */
export function decodeGroup(plan: FoldPlan, { place, startMicros, text, hours }: PackedGroup): Tile | undefined {
  readPacked(text);
  const group = plan.groups[place];
  if (group === undefined) throw shapeError('a group');
  const { length } = group.emptyNumbers;
  const numbers = group.emptyNumbers.slice();
  numbers.length = 0;
  const parts: (readonly Part[])[] = [];
  for (const { startMicros: originMicros, from, to, sketches, needed } of hours) {
    const shift = (originMicros - startMicros) / group.widthMicros;
    const before = numbers.length;
    if (!unpackNumbers(numbers, { from, to, empty: group.emptyNumbers, originMicros, shift })) {
      throw shapeError('the numbers of slots');
    }
    if (group.parts.length === 0) continue;
    const count = (numbers.length - before) / length;
    if (needed === undefined || needed.parts.length === 0) {
      for (let slot = 0; slot < count; slot++) parts.push([]);
      continue;
    }
    if (!isJsonArray(sketches) || sketches.length !== count) return undefined;
    for (const json of sketches) parts.push(decodeParts(group, needed, json));
  }
  return {
    startMicros,
    groups: plan.groups.map((_, index) =>
      index === place ? { numbers, parts, spills: null } : { numbers: [], parts: [], spills: null },
    ),
  };
}
