/** A million rows of the last three years. Row i is computed from i: neither the test nor its oracle holds them. */
export const rowCount = 1_000_000;
export const hourMillis = 3_600_000;
export const toMillis = Date.now();
export const fromMillis = toMillis - 3 * 365.25 * 24 * hourMillis;
export const entities = 20_000;

export function rowAt(index: number) {
  return {
    entity_id: `user_${index % entities}`,
    event_time: eventMillis(index),
    values: { amount: index / 4, visits: index },
  };
}

/** No two are alike, and neighbours are far apart, so that a few hundred rows are of all months. */
export function eventMillis(index: number): number {
  const place = (index * 618_033) % rowCount;
  return Math.floor(fromMillis + (place / rowCount) * (toMillis - fromMillis));
}

/** The naive answer for an entity: its last row up to a moment. */
export function valuesAsOf(entityId: string, millis: number): [amount: number | null, visits: number | null] {
  let newest: number | undefined;
  for (let index = Number(entityId.slice('user_'.length)); index < rowCount; index += entities) {
    const at = eventMillis(index);
    if (at <= millis && (newest === undefined || at > eventMillis(newest))) newest = index;
  }
  return newest === undefined ? [null, null] : [newest / 4, newest];
}

/** `202601`, from the first row's to the last one's. */
export function monthsOfRows(): string[] {
  const months = new Set<string>();
  for (let index = 0; index < rowCount; index++) {
    months.add(new Date(eventMillis(index)).toISOString().slice(0, 7).replace('-', ''));
  }
  return [...months].sort();
}

export interface HourOfVisits {
  readonly hour: string;
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

/** The naive statistics of `visits`, in order. */
export function statisticsOfRows(): HourOfVisits[] {
  const hours = new Map<number, HourOfVisits>();
  for (let visits = 0; visits < rowCount; visits++) {
    const millis = Math.floor(eventMillis(visits) / hourMillis) * hourMillis;
    const hour = hours.get(millis) ?? { hour: new Date(millis).toISOString(), count: 0, min: visits, max: visits };
    // Rows come in the order of their visits.
    hours.set(millis, { ...hour, count: hour.count + 1, max: visits });
  }
  return [...hours.values()].sort((a, b) => (a.hour < b.hour ? -1 : 1));
}
