import type { FoldPlan, Partials, WindowFeature } from './fold-plan.ts';
import { tileStart } from './tile.ts';
import { type Window, windowStart } from './windows.ts';

/**
 * Features of a plan that are read together. Made once and used for many reads: what was not asked for is not merged.
 */
export interface Selection {
  /** How many features. */
  readonly count: number;
  /** False where tiles can be read without their sketches. */
  readonly needsSketches: boolean;
  readonly groups: readonly SelectedGroup[];
}

export interface SelectedGroup {
  /** Place in the plan's `groups`. */
  readonly group: number;
  /** The shortest first. */
  readonly windows: readonly SelectedWindow[];
}

/** With the partials that its features need, or those of longer windows. */
export interface SelectedWindow extends Partials {
  readonly window: Window | null;
  readonly features: readonly { readonly feature: WindowFeature; readonly position: number }[];
}

/** By their places in the plan, any of them any number of times; without, all. Answers come in this order. */
export function selectFeatures(plan: FoldPlan, places: readonly number[] = [...plan.features.keys()]): Selection {
  const chosen = places.flatMap((place, position) => {
    const feature = plan.features[place];
    return feature === undefined ? [] : [{ feature, position }];
  });
  const groups = [...new Set(chosen.map(({ feature }) => feature.group))].map((group) => {
    return { group, windows: windowsOf(chosen.filter(({ feature }) => feature.group === group)) };
  });
  const needsSketches = chosen.some(({ feature }) => feature.part !== undefined);
  return { count: chosen.length, needsSketches, groups };
}

/** The start of the first tile that a read as of this moment needs: of its longest window, −∞ for a lifetime. */
export function firstTileStart({ groups }: Selection, asOfMicros: number): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { windows } of groups) {
    for (const { window } of windows) earliest = Math.min(earliest, windowStart(window, asOfMicros));
  }
  return tileStart(earliest);
}

/** What a tile that ends at `endMicros` has to hold for a read; undefined where every window begins later. */
export function neededOf(selected: SelectedGroup, asOfMicros: number, endMicros: number): Partials | undefined {
  return selected.windows.find(({ window }) => windowStart(window, asOfMicros) < endMicros);
}

type Member = SelectedWindow['features'][number];

function windowsOf(members: readonly Member[]): SelectedWindow[] {
  const lengths = [...new Set(members.map(lengthOf))].sort((a, b) => a - b);
  return lengths.map((length) => {
    const features = members.filter((member) => lengthOf(member) === length);
    const unfinished = members.filter((member) => lengthOf(member) >= length).map(({ feature }) => feature);
    return {
      window: features[0]?.feature.window ?? null,
      features,
      cells: present(unfinished.map(({ cells }) => cells)),
      parts: present(unfinished.map(({ part }) => part)),
    };
  });
}

function lengthOf({ feature }: Member): number {
  return feature.window?.windowMicros ?? Number.POSITIVE_INFINITY;
}

function present<Item>(items: readonly (Item | undefined)[]): Item[] {
  return [...new Set(items)].filter((item) => item !== undefined);
}
