import fc from 'fast-check';
import { hour, second, start } from './semantics-setup.ts';

export const requests = 8;

/** One row of one entity, and in which request it is sent at which place. */
export interface RandomRow {
  readonly eventMicros: number;
  readonly request: number;
  readonly place: number;
  readonly values: { readonly a: number | null; readonly b: string | null; readonly c: boolean | null };
}

/** A moment near a row: its time, its time and a TTL, or any time; with a microsecond less or more. */
export interface RandomMoment {
  readonly row: number;
  readonly isAged: boolean;
  readonly other: number | null;
  readonly step: number;
}

export interface RandomHistory {
  readonly rows: readonly RandomRow[];
  readonly moments: readonly RandomMoment[];
}

/** Many histories of one view, each of an entity of its own, and what is asked of all of them. */
export interface Scenario {
  readonly viewTtl: number | null;
  /** Of feature a alone. */
  readonly ownTtl: number | null;
  /** By request: so few different ones that rows of two requests share event time and created at. */
  readonly arrivals: readonly number[];
  /** The request after which feature c is added. */
  readonly addedAfter: number;
  readonly histories: readonly RandomHistory[];
  /** When an online read comes: one after each request, the others at the end. */
  readonly onlineAt: readonly RandomMoment[];
  /** A known_at at the time that some row was recorded, a microsecond beside it, or halfway to the one before. */
  readonly known: readonly { readonly row: number; readonly shift: -1 | 0 | 1 | 'between' }[];
}

/** Times that meet each other and each other's TTLs exactly, and any others. */
const eventMicros = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(-2 * hour, -hour - 1, -hour, -hour + 1, -second, -1, 0) },
    { weight: 1, arbitrary: fc.constantFrom(1, second, 60 * second) },
    { weight: 2, arbitrary: fc.integer({ min: -3 * hour, max: 60 * second }) },
  )
  .map((offset) => start + offset);

const ttl = fc.constantFrom(null, null, 1, second, hour, hour + 1, 2 * hour);
const step = fc.constantFrom(-1, 0, 0, 1);

const row: fc.Arbitrary<RandomRow> = fc.record({
  eventMicros,
  request: fc.nat(requests - 1),
  place: fc.nat(1_000_000),
  values: fc.record({
    a: fc.option(fc.nat(1000), { freq: 3 }),
    b: fc.option(fc.constantFrom('', 'x', 'é', '"'), { freq: 3 }),
    c: fc.option(fc.boolean(), { freq: 3 }),
  }),
});

const moment: fc.Arbitrary<RandomMoment> = fc.record({
  row: fc.nat(20),
  isAged: fc.boolean(),
  other: fc.option(fc.integer({ min: -4 * hour, max: 5 * hour }), { freq: 3 }),
  step,
});

const history: fc.Arbitrary<RandomHistory> = fc.record({
  rows: fc.array(row, { maxLength: 9, size: 'max' }),
  moments: fc.array(moment, { minLength: 3, maxLength: 3 }),
});

const arrivals = fc.array(fc.nat(4), { minLength: requests, maxLength: requests });

export function scenarioOf(histories: number): fc.Arbitrary<Scenario> {
  return fc.record({
    viewTtl: ttl,
    ownTtl: ttl,
    arrivals: arrivals.map((offsets) => offsets.map((offset) => start + offset)),
    addedAfter: fc.nat(requests - 1),
    histories: fc.array(history, { minLength: histories, maxLength: histories }),
    onlineAt: fc.array(moment, { minLength: requests + 5, maxLength: requests + 5 }),
    known: fc.array(
      fc.record({ row: fc.nat(100_000), shift: fc.constantFrom<(-1 | 0 | 1 | 'between')[]>(-1, 0, 1, 'between') }),
      { minLength: 3, maxLength: 3 },
    ),
  });
}

export function microsOf(
  { row, isAged, other, step }: RandomMoment,
  rows: readonly RandomRow[],
  ttls: readonly number[],
) {
  if (other !== null) return start + other;
  const near = rows[row % Math.max(rows.length, 1)]?.eventMicros ?? start;
  return near + (isAged ? (ttls[row % Math.max(ttls.length, 1)] ?? 0) : 0) + step;
}
