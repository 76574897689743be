import type { Aggregation, DefinitionError } from './aggregation.ts';
import { type CheckedAggregation, checkAggregation, type Schema } from './check-aggregation.ts';
import { compareOf } from './compare-values.ts';
import { sumLength } from './exact-sum.ts';
import type { FoldPlan, SlotGroup, WindowFeature } from './fold-plan.ts';
import { boundLength, type NumericCells } from './numeric-cells.ts';
import { needsOf } from './partials-needed.ts';
import { type PartSpec, partKinds } from './parts.ts';
import { headLength } from './slots.ts';
import { parseDuration, slotWidth } from './windows.ts';

export interface ViewDefinition {
  readonly aggregations: readonly Aggregation[];
  /** Of the view's source. */
  readonly schema: Schema;
  /** The view's own, such as `30s`. */
  readonly hop?: string | undefined;
}

/** Which aggregation was refused, by its place; undefined: the view's hop. */
export interface PlanError extends DefinitionError {
  readonly index: number | undefined;
}

/** The plan of a view, or everything that is wrong with its definition. */
export function compileFoldPlan({ aggregations, schema, hop }: ViewDefinition): FoldPlan | PlanError[] {
  const hopMicros = hop === undefined ? undefined : parseDuration(hop);
  if (typeof hopMicros === 'object') return [{ ...hopMicros, index: undefined }];
  const checked: CheckedAggregation[] = [];
  const errors: PlanError[] = [];
  for (const [index, aggregation] of aggregations.entries()) {
    const found = checkAggregation(aggregation, schema, hopMicros);
    if ('code' in found) errors.push({ ...found, index });
    else checked.push(found);
  }
  return errors.length > 0 ? errors : layOut(checked);
}

function layOut(aggregations: readonly CheckedAggregation[]): FoldPlan {
  const fields = sorted(aggregations.flatMap(({ field }) => (field === undefined ? [] : [field.name])));
  const widths = [...new Set(aggregations.map(({ window }) => slotWidth(window)))].sort((a, b) => a - b);
  const groups = widths.map((widthMicros) => {
    const members = aggregations.filter(({ window }) => slotWidth(window) === widthMicros);
    return layOutGroup(widthMicros, members, fields);
  });
  const features = aggregations.map((aggregation): WindowFeature => {
    const { function: name, field, dtype, window, k, p } = aggregation;
    const group = widths.indexOf(slotWidth(window));
    const position = field === undefined ? -1 : fields.indexOf(field.name);
    const needs = needsOf(aggregation);
    return {
      ...{ function: name, dtype, window, k, p, group },
      cells: needs.cells.length === 0 ? undefined : groups[group]?.cells.find((found) => found.position === position),
      part: groups[group]?.parts.find((found) => found.position === position && found.kind === needs.part),
    };
  });
  return { fields, groups, features };
}

function layOutGroup(
  widthMicros: number,
  members: readonly CheckedAggregation[],
  fields: readonly string[],
): SlotGroup {
  let length = headLength;
  const place = (isNeeded: boolean, size: number): number => {
    if (!isNeeded) return -1;
    length += size;
    return length - size;
  };
  const cells: NumericCells[] = [];
  const parts: PartSpec[] = [];
  for (const [position, name] of fields.entries()) {
    const ofField = members.filter(({ field }) => field?.name === name);
    const needed = new Set(ofField.flatMap((member) => needsOf(member).cells));
    if (needed.size > 0) {
      cells.push({
        position,
        isNumeric: needed.size > 1,
        countAt: place(true, 1),
        sumAt: place(needed.has('sum'), sumLength),
        squaresAt: place(needed.has('squares'), sumLength),
        minAt: place(needed.has('min'), boundLength),
        maxAt: place(needed.has('max'), boundLength),
      });
    }
    for (const kind of partKinds) {
      const having = ofField.filter((member) => needsOf(member).part === kind);
      const dtype = having[0]?.field?.dtype;
      if (dtype === undefined) continue;
      parts.push({
        kind,
        place: parts.length,
        position,
        k: Math.max(...having.map((member) => member.k)),
        isGreatest: kind === 'greatest',
        isLast: kind === 'last',
        compare: compareOf(dtype),
      });
    }
  }
  return { widthMicros, emptyNumbers: zeros(length), cells, parts };
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

/**
 * Of doubles for the engine too, which otherwise begins with an array of small integers and copies it at the first
 * fraction.
 */
function zeros(length: number): number[] {
  const numbers: number[] = [];
  for (let place = 0; place < length; place++) numbers.push(Number.NaN);
  return numbers.fill(0);
}
