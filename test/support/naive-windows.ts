/** An event as it was sent. */
export interface OracleEvent {
  readonly eventId: string;
  readonly eventMicros: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface OracleAggregation {
  readonly function: string;
  readonly field?: string;
  readonly window?: string;
  /** Of the view, where it sets one. */
  readonly hop?: string;
  readonly k?: number;
  readonly p?: number;
}

export interface OracleWindow {
  readonly status: string;
  readonly value: unknown;
  readonly eventMicros: number | null;
}

const hour = 3_600_000_000;
const units: Readonly<Record<string, number>> = { s: hour / 3600, m: hour / 60, h: hour, d: 24 * hour };

function micros(duration: string): number {
  return Number(duration.slice(0, -1)) * (units[duration.slice(-1)] ?? Number.NaN);
}

/** Where a window begins, by section 4 of docs/semantics.md. */
export function naiveStart(window: string | undefined, asOfMicros: number, hopOfView?: string): number {
  if (window === undefined) return Number.NEGATIVE_INFINITY;
  const length = micros(window);
  const byLength =
    length >= 288 * hour ? 24 * hour : length >= 12 * hour ? hour : length >= hour ? hour / 12 : hour / 60;
  const hop = hopOfView === undefined ? byLength : micros(hopOfView);
  return Math.floor((asOfMicros - length) / hop) * hop;
}

/** Sections 4 and 5 by a full scan over the events of one entity, in the order in which they were sent. */
export function naiveWindow(
  events: readonly OracleEvent[],
  aggregation: OracleAggregation,
  asOfMicros: number,
  ttlMicros = Number.POSITIVE_INFINITY,
): OracleWindow {
  const start = naiveStart(aggregation.window, asOfMicros, aggregation.hop);
  const seen = new Set<string>();
  const counted = events
    .filter(({ eventId }) => !seen.has(eventId) && seen.add(eventId))
    .filter(({ eventMicros }) => eventMicros >= start && eventMicros < asOfMicros)
    .sort((a, b) => a.eventMicros - b.eventMicros || (a.eventId < b.eventId ? -1 : 1));
  const newest = counted.at(-1)?.eventMicros ?? null;
  const value = naiveValue(aggregation, counted);
  if (value === null && newest === null) return { status: 'NOT_FOUND', value: null, eventMicros: null };
  if (newest !== null && asOfMicros - newest > ttlMicros)
    return { status: 'OUTSIDE_MAX_AGE', value: null, eventMicros: newest };
  return { status: value === null ? 'NULL_VALUE' : 'PRESENT', value, eventMicros: newest };
}

function naiveValue(
  { function: name, field, k = 1, p = 0 }: OracleAggregation,
  events: readonly OracleEvent[],
): unknown {
  if (field === undefined) return events.length;
  const values = events.map(({ fields }) => fields[field] ?? null).filter((value) => value !== null);
  if (name === 'count') return values.length;
  if (name === 'count_distinct') return new Set(values).size;
  if (values.length === 0) return null;
  const numbers = values.map(Number);
  const sum = numbers.reduce((total, each) => total + each, 0);
  const mean = sum / numbers.length;
  const variance = numbers.reduce((total, each) => total + (each - mean) ** 2, 0) / numbers.length;
  const sorted = numbers.toSorted((a, b) => a - b);
  const rank = p * (sorted.length - 1);
  const [low = 0, high = low] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
  const counts = [...Map.groupBy(values, (value) => value)].map(([value, same]) => ({ value, count: same.length }));
  switch (name) {
    case 'sum':
      return sum;
    case 'avg':
      return mean;
    case 'min':
      return sorted[0];
    case 'max':
      return sorted.at(-1);
    case 'variance':
      return variance;
    case 'stddev':
      return Math.sqrt(variance);
    case 'first':
      return values[0];
    case 'last':
      return values.at(-1);
    case 'first_k':
      return values.slice(0, k);
    case 'last_k':
      return values.slice(-k);
    case 'top_k':
      return counts
        .sort((a, b) => b.count - a.count || (String(a.value) < String(b.value) ? -1 : 1))
        .slice(0, k)
        .map(({ value }) => value);
    case 'percentile':
      return low + (high - low) * (rank - Math.floor(rank));
    default:
      throw new Error(`no oracle for ${name}`);
  }
}
