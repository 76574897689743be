import {
  type Aggregation,
  type AggregationFunction,
  type DefinitionError,
  type Dtype,
  invalidAggregation,
  mostKept,
} from './aggregation.ts';
import { outputDtype } from './output-dtype.ts';
import { parseWindow, type Window } from './windows.ts';

/** An aggregation whose every part is known to fit. */
export interface CheckedAggregation {
  readonly function: AggregationFunction;
  /** Undefined: `count` of events. */
  readonly field: { readonly name: string; readonly dtype: Dtype } | undefined;
  /** Of the feature. */
  readonly dtype: Dtype;
  /** Null: lifetime. */
  readonly window: Window | null;
  /** 1 where the function takes none. */
  readonly k: number;
  /** 0 where the function takes none. */
  readonly p: number;
}

/** The dtypes of a source's fields. */
export type Schema = Readonly<Record<string, Dtype>>;

const takesK: ReadonlySet<AggregationFunction> = new Set(['first_k', 'last_k', 'top_k']);

export function checkAggregation(
  aggregation: Aggregation,
  schema: Schema,
  viewHopMicros: number | undefined,
): CheckedAggregation | DefinitionError {
  const field = findField(aggregation.field, schema);
  if (field !== undefined && 'code' in field) return field;
  const dtype = outputDtype(aggregation.function, field?.dtype);
  if (typeof dtype !== 'string') return dtype;
  const parameterError = checkParameters(aggregation);
  if (parameterError !== undefined) return parameterError;
  const window = aggregation.window === undefined ? null : parseWindow(aggregation.window, viewHopMicros);
  if (window !== null && 'code' in window) return window;
  return { function: aggregation.function, field, dtype, window, k: aggregation.k ?? 1, p: aggregation.p ?? 0 };
}

function findField(name: string | undefined, schema: Schema): CheckedAggregation['field'] | DefinitionError {
  if (name === undefined) return undefined;
  const dtype = Object.hasOwn(schema, name) ? schema[name] : undefined;
  return dtype === undefined ? invalidAggregation(`the source has no field ${name}`) : { name, dtype };
}

function checkParameters({ function: name, k, p }: Aggregation): DefinitionError | undefined {
  if (takesK.has(name) !== (k !== undefined)) {
    return invalidAggregation(k === undefined ? `${name} needs a k` : `${name} takes no k`);
  }
  if (k !== undefined && !(Number.isInteger(k) && k >= 1 && k <= mostKept)) {
    return invalidAggregation(`k is a whole number from 1 to ${mostKept}`);
  }
  if ((name === 'percentile') !== (p !== undefined)) {
    return invalidAggregation(p === undefined ? `${name} needs a p` : `${name} takes no p`);
  }
  if (p !== undefined && !(p >= 0 && p <= 1)) return invalidAggregation('p is a number from 0 to 1');
  return undefined;
}
