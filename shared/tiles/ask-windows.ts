import { type Selection, selectFeatures } from '../aggregation/index.ts';
import type { StreamPlan } from './stream-plan.ts';

/** The features of a stream view that are read together, compiled once. */
export interface WindowsAsked {
  readonly plan: StreamPlan;
  /** Of features with a window. */
  readonly windowed: Selection;
  readonly windowedPositions: readonly number[];
  /** Of those without, which the running lifetime answers. */
  readonly lifetimes: Selection;
  readonly lifetimePositions: readonly number[];
  /** Groups of windows of days whose numbers alone are asked for. */
  readonly byTail: readonly number[];
}

export function askWindows(plan: StreamPlan, positions: readonly number[]): WindowsAsked {
  const isLifetime = (position: number): boolean => plan.fold.features[position]?.window === null;
  const windowedPositions = positions.filter((position) => !isLifetime(position));
  const lifetimePositions = positions.filter(isLifetime);
  const windowed = selectFeatures(plan.fold, windowedPositions);
  const byTail = windowed.groups.filter(
    ({ group, windows }) => plan.spans[group]?.tail !== undefined && windows.every(({ parts }) => parts.length === 0),
  );
  return {
    plan,
    windowed,
    byTail: byTail.map(({ group }) => group),
    windowedPositions,
    lifetimes: selectFeatures(plan.fold, lifetimePositions),
    lifetimePositions,
  };
}
