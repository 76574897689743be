import type { AggregationFunction, JsonValue, WindowValue } from '../../../shared/aggregation/index.ts';

/** An event as it was sent: values by field. */
export interface NaiveEvent {
  readonly eventMicros: number;
  readonly eventId: string;
  readonly values: Readonly<Record<string, JsonValue>>;
}

export interface NaiveAggregation {
  readonly function: AggregationFunction;
  readonly field?: string | undefined;
  /** Absent: lifetime. */
  readonly windowMicros?: number | undefined;
  readonly hopMicros?: number | undefined;
  readonly k?: number | undefined;
  readonly p?: number | undefined;
}

/** Section 4 of docs/semantics.md by a full scan. Floats must be whole 64ths, so that exact sums are plain integers. */
export function naiveAggregate(
  events: readonly NaiveEvent[],
  aggregation: NaiveAggregation,
  asOfMicros: number,
): WindowValue {
  const { windowMicros, hopMicros = 1, field } = aggregation;
  const startMicros =
    windowMicros === undefined ? -Infinity : Math.floor((asOfMicros - windowMicros) / hopMicros) * hopMicros;
  const counted = events
    .filter(({ eventMicros }) => startMicros <= eventMicros && eventMicros < asOfMicros)
    .sort((a, b) => a.eventMicros - b.eventMicros || Buffer.compare(Buffer.from(a.eventId), Buffer.from(b.eventId)));
  const values = counted
    .map((event) => (field === undefined ? 1 : (event.values[field] ?? null)))
    .filter((value) => value !== null);
  const value = naiveValue(aggregation, values);
  const status = value !== null ? 'PRESENT' : counted.length > 0 ? 'NULL_VALUE' : 'NOT_FOUND';
  return { value, status, eventMicros: counted.at(-1)?.eventMicros ?? null };
}

function naiveValue({ function: name, k = 1, p = 0 }: NaiveAggregation, values: JsonValue[]): JsonValue {
  if (name === 'count') return values.length;
  if (name === 'count_distinct') return new Set(values).size;
  const [first] = values;
  if (first === undefined) return null;
  switch (name) {
    case 'first':
      return first;
    case 'last':
      return values.at(-1) ?? null;
    case 'first_k':
      return values.slice(0, k);
    case 'last_k':
      return values.slice(-k);
    case 'min':
      return values.sort(naiveOrder)[0] ?? null;
    case 'max':
      return values.sort(naiveOrder).at(-1) ?? null;
    case 'top_k': {
      const count = (value: JsonValue) => values.filter((other) => other === value).length;
      return [...new Set(values)].sort((a, b) => count(b) - count(a) || naiveOrder(a, b)).slice(0, k);
    }
    case 'percentile': {
      const sorted = values.map(Number).sort((a, b) => a - b);
      const rank = p * (sorted.length - 1);
      const [lower = 0, upper = 0] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
      return lower + (upper - lower) * (rank - Math.floor(rank));
    }
    default:
      return naiveMoment(name, values);
  }
}

/** Whole numbers as they are, floats in 64ths. */
function naiveMoment(name: 'sum' | 'avg' | 'variance' | 'stddev', values: readonly JsonValue[]): JsonValue {
  const isWhole = values.every((value) => typeof value === 'string' || Number.isInteger(value));
  const units = values.map((value) => (isWhole ? BigInt(String(value)) : BigInt(Number(value) * 64)));
  const scale = isWhole ? 1 : 64;
  const count = BigInt(units.length);
  const sum = units.reduce((total, unit) => total + unit, 0n);
  if (name === 'sum') return isWhole && !Number.isSafeInteger(Number(sum)) ? String(sum) : Number(sum) / scale;
  if (name === 'avg') return Number(sum) / scale / units.length;
  const squares = units.reduce((total, unit) => total + unit * unit, 0n);
  const variance = Number(count * squares - sum * sum) / units.length ** 2 / scale ** 2;
  return name === 'variance' ? variance : Math.sqrt(variance);
}

/**
 * Numbers and bools by size, an int64 beyond 2^53 being a text of digits; texts by their UTF-8 bytes; timestamps by
 * time.
 */
function naiveOrder(a: JsonValue, b: JsonValue): number {
  const isInteger = (value: JsonValue) => /^-?\d+$/.test(String(value));
  if (isInteger(a) && isInteger(b)) return Number(BigInt(String(a)) - BigInt(String(b)));
  if (typeof a !== 'string' || typeof b !== 'string') return Number(a) - Number(b);
  const isTime = (value: string) => /^\d{4}-.*Z$/.test(value);
  if (isTime(a) && isTime(b)) return Number(naiveMicros(a) - naiveMicros(b));
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function naiveMicros(time: string): bigint {
  const [seconds = '', fraction = ''] = time.slice(0, -1).split('.');
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}
