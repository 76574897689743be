/** The functions of stream views, in the order in which docs and errors list them. */
export const aggregationFunctions = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'variance',
  'stddev',
  'first',
  'last',
  'first_k',
  'last_k',
  'count_distinct',
  'top_k',
  'percentile',
] as const;

export type AggregationFunction = (typeof aggregationFunctions)[number];

/** The data types of fields and features: contract's, spelt anew because this capability imports no sibling. */
export type Dtype = ScalarDtype | ArrayDtype;
export type ArrayDtype = 'float64[]' | 'float32[]' | 'int64[]' | 'string[]';
type ScalarDtype = 'float64' | 'float32' | 'int64' | 'int32' | 'string' | 'bool' | 'timestamp' | 'json' | 'bytes';

/** One aggregation of a stream view, as it was registered. Its name is the feature's and plays no part here. */
export interface Aggregation {
  readonly function: AggregationFunction;
  /** A field of the source's schema. Only `count` may do without. */
  readonly field?: string | undefined;
  /** Such as `15m`, `24h`, `7d`; absent for the whole life of the entity. */
  readonly window?: string | undefined;
  /** Of `first_k`, `last_k`, `top_k` alone. */
  readonly k?: number | undefined;
  /** Of `percentile` alone. */
  readonly p?: number | undefined;
}

/** Why a definition was refused. The codes are those of HTTP answers. */
export interface DefinitionError {
  readonly code: 'invalid_window' | 'invalid_aggregation';
  readonly detail: string;
}

/** The largest `k`, and up to how many values a partial is exact. */
export const mostKept = 1000;

export const invalidAggregation = (detail: string): DefinitionError => ({ code: 'invalid_aggregation', detail });
export const invalidWindow = (detail: string): DefinitionError => ({ code: 'invalid_window', detail });
