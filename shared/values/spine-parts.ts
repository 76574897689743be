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
/** Going on to the next place costs 50 ns a partition and 4 µs a chunk: 250 places pay for a statement of their own over a month. */
const monthMicros = 30.5 * dayMicros;
const placesOfMonth = 250;
/** And 1,000 take 10 ms, whatever their time: enough to share them between connections. */
const placesOfPart = 1000;
/** At worst each is looked for in all partitions, at 1 µs: half a second for 240 of them. */
const mostFarPlaces = 2000;

/** By time: each part reaches a month back from its earliest place. */
export function nearParts(untilMicros: readonly number[], leftOver: readonly number[]): SpinePart[] {
  const [earliest, latest] = spanOf(untilMicros, leftOver);
  const span = latest - earliest;
  const months = Math.min(leftOver.length / placesOfMonth, span / monthMicros);
  const count = Math.ceil(Math.max(1, Math.floor(months), span / widestMicros, leftOver.length / placesOfPart));
  const partAt = (micros: number): number =>
    Math.min(count - 1, Math.floor(((amongRows(micros) - earliest) / span) * count) || 0);
  const parts = Map.groupBy(leftOver, (place) => partAt(untilMicros[place] ?? 0));
  return [...parts.values()].map((places) => partOf(untilMicros, places, nearMicros));
}

/** The places that had no row near them, as far back as a statement goes at once. */
export function farParts(untilMicros: readonly number[], leftOver: readonly number[]): SpinePart[] {
  const byTime = leftOver.toSorted((a, b) => (untilMicros[a] ?? 0) - (untilMicros[b] ?? 0));
  const parts: SpinePart[] = [];
  for (let from = 0; from < byTime.length; from += mostFarPlaces) {
    parts.push(partOf(untilMicros, byTime.slice(from, from + mostFarPlaces), farMicros));
  }
  return parts;
}

/** All that lies before a part, for the places that had no row in it. A row of a later part is the newer one. */
export function olderParts({ afterMicros }: SpinePart, leftOver: readonly number[]): SpinePart[] {
  const parts: SpinePart[] = [];
  let untilMicros = afterMicros;
  while (leftOver.length > 0 && untilMicros >= 0) {
    const earlier = amongRows(untilMicros - farMicros);
    parts.push({ places: leftOver, afterMicros: earlier, untilMicros });
    untilMicros = earlier;
  }
  return parts;
}

function partOf(untilMicros: readonly number[], places: readonly number[], reachMicros: number): SpinePart {
  const [earliest, latest] = spanOf(untilMicros, places);
  return { places, afterMicros: amongRows(earliest - reachMicros), untilMicros: latest };
}

const latestMicros = Date.UTC(2255, 0) * 1000;

/** Rows are of 1970 to 2254; a moment may be of any year. */
function amongRows(micros: number): number {
  return Math.min(Math.max(micros, -1), latestMicros);
}

function spanOf(untilMicros: readonly number[], places: readonly number[]): [earliest: number, latest: number] {
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  for (const place of places) {
    const micros = amongRows(untilMicros[place] ?? 0);
    if (micros < earliest) earliest = micros;
    if (micros > latest) latest = micros;
  }
  return [earliest, latest];
}
