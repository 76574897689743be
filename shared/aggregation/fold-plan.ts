import type { AggregationFunction, Dtype } from './aggregation.ts';
import type { NumericCells } from './numeric-cells.ts';
import type { PartSpec } from './parts.ts';
import type { Window } from './windows.ts';

/**
 * The aggregations of one view, compiled so that features share partials: `sum` and `avg` of a field over windows of
 * the same hop are one sum. The order in which aggregations are registered does not change the partials.
 */
export interface FoldPlan {
  /** Which fields events bring, in this order. */
  readonly fields: readonly string[];
  readonly groups: readonly SlotGroup[];
  /** In the order of the aggregations. */
  readonly features: readonly WindowFeature[];
}

/** Some or all of the partials of a group. */
export interface Partials {
  readonly cells: readonly NumericCells[];
  readonly parts: readonly PartSpec[];
}

/** The partials of all windows whose slots are equally wide. */
export interface SlotGroup extends Partials {
  readonly widthMicros: number;
  /** Of a slot without events. */
  readonly emptyNumbers: readonly number[];
}

/** A feature, and where its partials are. */
export interface WindowFeature {
  readonly function: AggregationFunction;
  /** Of the feature. */
  readonly dtype: Dtype;
  /** Null: lifetime. */
  readonly window: Window | null;
  readonly k: number;
  readonly p: number;
  /** Place in `groups`. */
  readonly group: number;
  /** Undefined where the feature is of events, or of a part. */
  readonly cells: NumericCells | undefined;
  readonly part: PartSpec | undefined;
}
