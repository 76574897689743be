import type { AggregationFunction } from './aggregation.ts';
import type { CheckedAggregation } from './check-aggregation.ts';
import type { PartKind } from './parts.ts';

export interface Needs {
  readonly cells: readonly CellKind[];
  readonly part: PartKind | undefined;
}

type CellKind = 'count' | 'sum' | 'squares' | 'min' | 'max';

/** Which partials of its field an aggregation is finalized from. */
export function needsOf({ function: name, field }: CheckedAggregation): Needs {
  if (field === undefined) return { cells: [], part: undefined };
  const isText = field.dtype === 'string' || field.dtype === 'timestamp';
  if (name === 'min') return isText ? partOf('least') : { cells: ['count', 'min'], part: undefined };
  if (name === 'max') return isText ? partOf('greatest') : { cells: ['count', 'max'], part: undefined };
  return needs[name];
}

const partOf = (part: PartKind): Needs => ({ cells: [], part });
const sum: Needs = { cells: ['count', 'sum'], part: undefined };
const squares: Needs = { cells: ['count', 'sum', 'squares'], part: undefined };

const needs: { readonly [name in Exclude<AggregationFunction, 'min' | 'max'>]: Needs } = {
  count: { cells: ['count'], part: undefined },
  sum,
  avg: sum,
  variance: squares,
  stddev: squares,
  first: partOf('first'),
  first_k: partOf('first'),
  last: partOf('last'),
  last_k: partOf('last'),
  count_distinct: partOf('distinct'),
  top_k: partOf('frequent'),
  percentile: partOf('quantiles'),
};
