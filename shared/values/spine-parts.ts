/** Places of a spine that one statement asks for, among rows with an event time in (after, until], in microseconds. */
export interface SpinePart {
  readonly places: readonly number[];
  readonly afterMicros: number;
  readonly untilMicros: number;
}

const dayMicros = 86_400_000_000;
/** Where most answers lie before their moment: a month, and some days for a monthly job that is late. */
const nearMicros = 40 * dayMicros;
/** A statement locks 3 relations a partition, and the lock table of a small server has 13,000: 720 of 240 months. */
const farMicros = 20 * 365.25 * dayMicros;
/** Planning and starting a scan of a partition cost 35 µs: 1 ms of a statement over 30 of them. */
const widestMicros = 30 * 30.5 * dayMicros;
/** And going on to the next place costs 50 ns a partition, so a part of many places is of a month. */
const narrowestMicros = 30.5 * dayMicros;
const placesOfNarrow = 500;
/** At worst each is looked for in all partitions, at 1 µs: half a second for 240 of them. */
const mostFarPlaces = 2000;

/** All places, by time: each part reaches a month back from its earliest place. */
export function nearParts(asOfMicros: readonly number[]): SpinePart[] {
  const everyPlace = asOfMicros.map((_, place) => place);
  const [earliest, latest] = spanOf(asOfMicros, everyPlace);
  const span = latest - earliest;
  const affordable = Math.min(asOfMicros.length / placesOfNarrow, span / narrowestMicros);
  const count = Math.max(1, Math.floor(affordable), Math.ceil(span / widestMicros));
  const partAt = (micros: number): number =>
    Math.min(count - 1, Math.floor(((amongRows(micros) - earliest) / span) * count) || 0);
  const parts = Map.groupBy(everyPlace, (place) => partAt(asOfMicros[place] ?? 0));
  return [...parts.values()].map((places) => partOf(asOfMicros, places, nearMicros));
}

/** The places that had no row near them, as far back as a statement goes at once. */
export function farParts(asOfMicros: readonly number[], leftOver: readonly number[]): SpinePart[] {
  const byTime = leftOver.toSorted((a, b) => (asOfMicros[a] ?? 0) - (asOfMicros[b] ?? 0));
  const parts: SpinePart[] = [];
  for (let from = 0; from < byTime.length; from += mostFarPlaces) {
    parts.push(partOf(asOfMicros, byTime.slice(from, from + mostFarPlaces), farMicros));
  }
  return parts;
}

/** What lies before a part, for the places that had no row in it. */
export function olderPart({ afterMicros }: SpinePart, leftOver: readonly number[]): SpinePart[] {
  if (leftOver.length === 0 || afterMicros < 0) return [];
  return [{ places: leftOver, untilMicros: afterMicros, afterMicros: amongRows(afterMicros - farMicros) }];
}

function partOf(asOfMicros: readonly number[], places: readonly number[], reachMicros: number): SpinePart {
  const [earliest, latest] = spanOf(asOfMicros, places);
  return { places, afterMicros: amongRows(earliest - reachMicros), untilMicros: latest };
}

const latestMicros = Date.UTC(2255, 0) * 1000;

/** Rows are of 1970 to 2254; a moment may be of any year. */
function amongRows(micros: number): number {
  return Math.min(Math.max(micros, -1), latestMicros);
}

function spanOf(asOfMicros: readonly number[], places: readonly number[]): [earliest: number, latest: number] {
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (const place of places) {
    const micros = amongRows(asOfMicros[place] ?? 0);
    if (micros < earliest) earliest = micros;
    if (micros > latest) latest = micros;
  }
  return [earliest, latest];
}
