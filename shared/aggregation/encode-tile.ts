import type { FoldPlan } from './fold-plan.ts';
import type { JsonValue } from './json.ts';
import { packNumbers } from './pack-numbers.ts';
import { encodePart } from './parts.ts';
import type { Tile } from './tile.ts';

/** A tile as two texts, to be kept apart: the sketches may be large, and change less often. */
export interface EncodedTile {
  /**
   * The numbers of each group's slots, in base64, with dots between the groups; after one more dot the sums that were
   * spilled, if any, as JSON. A slot has 3 numbers, and of each field 1, and 3 for its sum, 3 for its variance, 2 for
   * each of min and max; a number takes at most 12 characters. The usual slot of count, sum, min and max takes 53. A
   * spilled sum takes at most 1,100.
   */
  readonly state: string;
  /**
   * The parts of each group's slots as JSON, a line for each group and each part within the bound that its file states;
   * null where the plan has none.
   */
  readonly sketches: string | null;
}

/** `withSketches` false: null in their place, where they have not changed and need not be written. */
export function encodeTile(plan: FoldPlan, tile: Tile, { withSketches = true } = {}): EncodedTile {
  return { state: encodeState(plan, tile), sketches: withSketches ? encodeSketches(plan, tile) : null };
}

/** Of the two texts the first alone, for where the sketches have not changed. */
export function encodeState(plan: FoldPlan, { startMicros, groups }: Tile): string {
  let text = '';
  const spills: JsonValue[] = [];
  for (let place = 0; place < groups.length; place++) {
    const slots = groups[place];
    const length = plan.groups[place]?.emptyNumbers.length;
    if (slots === undefined || length === undefined) continue;
    if (place > 0) text += '.';
    text += packNumbers(slots.numbers, length, originOf(startMicros));
    for (const { index, at, total } of slots.spills ?? []) {
      spills.push(place, index, at, total.units.toString(16), total.exponent);
    }
  }
  return spills.length === 0 ? text : `${text}.${JSON.stringify(spills)}`;
}

/** What times are written relative to: the tile's start, where it has one. */
export function originOf(startMicros: number): number {
  return Number.isFinite(startMicros) ? startMicros : 0;
}

/** A section for each group, and a last one of spilled sums where there are any. */
export function sectionsOf(state: string): string[] {
  return state.split('.');
}

/** JSON for each group, empty where the group has no parts. JSON holds no line break but those between its own tokens. */
export function linesOf(sketches: string): string[] {
  return sketches.split('\n');
}

function encodeSketches(plan: FoldPlan, { groups }: Tile): string | null {
  if (plan.groups.every(({ parts }) => parts.length === 0)) return null;
  return plan.groups
    .map((group, place) =>
      group.parts.length === 0 ? '' : JSON.stringify(groups[place]?.parts.map((parts) => parts.map(encodePart))),
    )
    .join('\n');
}
