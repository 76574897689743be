import type { Dtype } from '../../shared/contract/dtypes.ts';
import type { HourStatistics } from '../../shared/contract/statistics.ts';
import { formatMicros, formatTime, parseTime } from '../../shared/contract/time.ts';

/** A stored row, of which a feature that it never had is no member of `values`. */
export interface StatisticsRow {
  readonly eventMicros: number;
  readonly values: Readonly<Record<string, unknown>>;
}

const hour = 3_600_000_000;

/** docs/statistics.md by a full scan: the hours of a feature, in order. */
export function naiveStatistics(rows: readonly StatisticsRow[], feature: string, dtype: Dtype): HourStatistics[] {
  const counted = rows.filter(({ values }) => Object.hasOwn(values, feature));
  const byHour = Map.groupBy(counted, ({ eventMicros }) => Math.floor(eventMicros / hour) * hour);
  return [...byHour]
    .sort(([a], [b]) => a - b)
    .map(([micros, ofHour]) => {
      const values = ofHour.map(({ values: given }) => given[feature]).filter((value) => value !== null);
      const counts = { hour: formatMicros(micros), count: values.length, null_count: ofHour.length - values.length };
      return { ...counts, ...nothing, ...(values.length === 0 ? noValue(dtype) : ofValues(values, dtype)) };
    });
}

const nothing = { min: null, max: null, mean: null, stddev: null, distinct: null };

const isNumeric = (dtype: Dtype): boolean => ['float64', 'float32', 'int64', 'int32'].includes(dtype);
const noValue = (dtype: Dtype) => (isNumeric(dtype) ? {} : { distinct: 0 });

function ofValues(values: readonly unknown[], dtype: Dtype) {
  if (!isNumeric(dtype)) return { distinct: new Set(values.map((value) => keyOf(value, dtype))).size };
  return dtype.startsWith('int') ? ofIntegers(values.map((value) => BigInt(String(value)))) : ofFloats(values, dtype);
}

/** Exact but for the last step. */
function ofIntegers(values: readonly bigint[]) {
  const count = BigInt(values.length);
  const sorted = [...values].sort((a, b) => (a < b ? -1 : 1));
  const sum = values.reduce((total, value) => total + value, 0n);
  const squares = values.reduce((total, value) => total + value * value, 0n);
  const digits = 10n ** 40n;
  const variance = Number(((count * squares - sum * sum) * digits) / (count * count)) / Number(digits);
  const answered = (value = 0n) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
  return {
    min: answered(sorted[0]),
    max: answered(sorted.at(-1)),
    mean: Number((sum * digits) / count) / Number(digits),
    stddev: Math.sqrt(variance),
  };
}

/** In units of the greatest, whose squares are no problem. */
function ofFloats(given: readonly unknown[], dtype: Dtype) {
  const answered = given.map(Number).sort((a, b) => a - b);
  const values = dtype === 'float32' ? answered.map(Math.fround) : answered;
  const unit = Math.max(...values.map(Math.abs)) || 1;
  const mean = values.reduce((total, value) => total + value / unit / values.length, 0);
  const variance = values.reduce((total, value) => total + (value / unit - mean) ** 2 / values.length, 0);
  return { min: answered[0], max: answered.at(-1), mean: mean * unit, stddev: Math.sqrt(variance) * unit };
}

/** Equal for values that are the same to Postgres. */
function keyOf(value: unknown, dtype: Dtype): string {
  const time = dtype === 'timestamp' ? parseTime(value) : undefined;
  if (time !== undefined) return formatTime(time);
  if (dtype === 'float32[]' && Array.isArray(value)) return JSON.stringify(value.map(Math.fround));
  if (dtype === 'int64[]' && Array.isArray(value)) return JSON.stringify(value.map(String));
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** Where two answers differ: floating sums are the same to 1e-9 of the greatest value, all else is the same. */
export function differences(
  answered: readonly HourStatistics[],
  expected: readonly HourStatistics[],
): { readonly answered: unknown; readonly expected: unknown }[] {
  const length = Math.max(answered.length, expected.length);
  return Array.from({ length }, (_, index) => ({ answered: answered[index], expected: expected[index] })).filter(
    (pair) => !isSame(pair.answered, pair.expected),
  );
}

function isSame(answered: HourStatistics | undefined, expected: HourStatistics | undefined): boolean {
  if (answered === undefined || expected === undefined) return false;
  const exact = ({ mean, stddev, ...rest }: HourStatistics): string => JSON.stringify(rest);
  // Squares of what is below 1e-154 are 0 in doubles.
  const tolerance = 1e-9 * Math.max(Math.abs(Number(expected.min)), Math.abs(Number(expected.max))) + 1e-150;
  const isNear = (one: number | null, other: number | null): boolean =>
    one === null || other === null ? one === other : Math.abs(one - other) <= tolerance;
  return (
    exact(answered) === exact(expected) &&
    isNear(answered.mean, expected.mean) &&
    isNear(answered.stddev, expected.stddev)
  );
}
