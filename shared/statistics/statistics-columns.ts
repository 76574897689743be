import type { Dtype } from '../contract/dtypes.ts';
import { quoteIdentifier } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import { codecs } from '../values/index.ts';

/** One statistic of one feature: a column of its group's relation. */
export interface StatisticsColumn {
  /** In quotes: `"age.mean"`. No feature's name has a dot. */
  readonly name: string;
  readonly type: string;
  /** Over the rows of an hour. */
  readonly aggregate: string;
}

const numbers: ReadonlySet<Dtype> = new Set(['float64', 'float32', 'int64', 'int32']);

/** Those that have min, max, mean and stddev; the others have the count of distinct values. */
export function isNumeric(dtype: Dtype): boolean {
  return numbers.has(dtype);
}

export function columnName({ name }: Feature, statistic: string): string {
  return quoteIdentifier(`${name}.${statistic}`);
}

export function statisticsColumns(feature: Feature): StatisticsColumn[] {
  const value = quoteIdentifier(feature.name);
  const { columnType } = codecs[feature.dtype];
  const column = (statistic: string, type: string, aggregate: string): StatisticsColumn => ({
    name: columnName(feature, statistic),
    type,
    aggregate,
  });
  const counts = [
    column('count', 'bigint', `count(${value})`),
    // The group's rows are those that could have the feature.
    column('null_count', 'bigint', `count(*) - count(${value})`),
  ];
  if (!isNumeric(feature.dtype)) {
    return [...counts, column('distinct', 'bigint', `count(DISTINCT ${value}${collation(feature.dtype)})`)];
  }
  return [
    ...counts,
    column('min', columnType, `min(${value})`),
    column('max', columnType, `max(${value})`),
    column('mean', 'double precision', meanOf(feature.dtype, value)),
    column('stddev', 'double precision', stddevOf(feature.dtype, value)),
  ];
}

/** Equal is equal in any deterministic collation, and bytes compare quickest. */
function collation(dtype: Dtype): string {
  return dtype === 'string' || dtype === 'string[]' ? ' COLLATE "C"' : '';
}

/** Of float32 Postgres computes in doubles, which cannot overflow; of integers exactly. */
function meanOf(dtype: Dtype, value: string): string {
  return dtype === 'float64' ? scaledAggregate('avg', value) : `avg(${value})::float8`;
}

/** Of integers not by stddev_pop, which keeps half of the digits: 201144394 for the deviation of 4 and 402288793. */
function stddevOf(dtype: Dtype, value: string): string {
  if (dtype === 'float64') return scaledAggregate('stddev_pop', value);
  return dtype === 'float32' ? `stddev_pop(${value})` : `sqrt(var_pop(${value})::float8)`;
}

const down = 2 ** -560;
const literal = (value: number): string => `'${value}'::float8`;

/** Squares of a billion of these, and their sum, are doubles. */
const mostUnscaled = literal(1e140);
/** Smaller ones scaled down would underflow, which Postgres raises too; beside one over 1e140 they are nothing. */
const leastScaled = literal(1e-150);
const mostScaled = literal(Number.MAX_VALUE * down);

/**
 * Postgres squares what it averages and raises `value out of range` from about 1e154 on, while doubles of 1.8e308 are values
 * like others: one of them would end every later run. An hour that has one over 1e140 is computed from the values times
 * 2^-560, which is exact, and times 2^560 at the end; rounding must not carry that over the greatest double.
 */
function scaledAggregate(aggregate: 'avg' | 'stddev_pop', value: string): string {
  const scaled = `CASE WHEN abs(${value}) < ${leastScaled} THEN 0 ELSE ${value} * ${literal(down)} END`;
  const clamped = `greatest(least(${aggregate}(${scaled}), ${mostScaled}), -${mostScaled})`;
  return `CASE WHEN greatest(max(${value}), -min(${value})) > ${mostUnscaled}
    THEN ${clamped} * ${literal(1 / down)}
    ELSE ${aggregate}(${value}) FILTER (WHERE abs(${value}) <= ${mostUnscaled}) END`;
}
