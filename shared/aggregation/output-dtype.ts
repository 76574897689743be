import { type AggregationFunction, type DefinitionError, type Dtype, invalidAggregation } from './aggregation.ts';

/**
 * The dtype of the feature that an aggregation of a field of `fieldDtype` makes, or why there is none. Undefined is
 * `count` without a field.
 */
export function outputDtype(aggregation: AggregationFunction, fieldDtype: Dtype | undefined): Dtype | DefinitionError {
  if (aggregation === 'count') return 'int64';
  if (fieldDtype === undefined) return invalidAggregation(`${aggregation} needs a field`);
  return rules[aggregation](fieldDtype) ?? invalidAggregation(`${aggregation} takes no field of ${fieldDtype}`);
}

type Rule = (field: Dtype) => Dtype | undefined;

const isInteger = (field: Dtype): boolean => field === 'int64' || field === 'int32';
const isNumeric = (field: Dtype): boolean => isInteger(field) || field === 'float64' || field === 'float32';

const float64OfNumbers: Rule = (field) => (isNumeric(field) ? 'float64' : undefined);
const sameDtype: Rule = (field) => field;
/** `json` and arrays have no order; base64, as which bytes travel, has not that of its bytes. */
const ordered: Rule = (field) =>
  isNumeric(field) || field === 'string' || field === 'timestamp' || field === 'bool' ? field : undefined;
/** Equal values must be equal as text: JSON writes one object in many ways. */
const comparable: Rule = (field) => (field === 'json' || field.endsWith('[]') ? undefined : 'int64');

const arrays: { readonly [field in Dtype]?: Dtype } = {
  float64: 'float64[]',
  float32: 'float32[]',
  int64: 'int64[]',
  int32: 'int64[]',
  string: 'string[]',
};
const arrayOf: Rule = (field) => arrays[field];

const rules: { readonly [aggregation in Exclude<AggregationFunction, 'count'>]: Rule } = {
  sum: (field) => (isInteger(field) ? 'int64' : float64OfNumbers(field)),
  avg: float64OfNumbers,
  variance: float64OfNumbers,
  stddev: float64OfNumbers,
  percentile: float64OfNumbers,
  min: ordered,
  max: ordered,
  first: sameDtype,
  last: sameDtype,
  first_k: arrayOf,
  last_k: arrayOf,
  top_k: arrayOf,
  count_distinct: comparable,
};
