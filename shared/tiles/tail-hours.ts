import { hourMicros } from '../aggregation/index.ts';

/** A tail holds the hours before the last three, the current one among them. */
export function tailEnd(nowMicros: number): number {
  return (Math.floor(nowMicros / hourMicros) - 2) * hourMicros;
}

/**
 * Whether a write to a tile of this hour says that it is late. Most late events are of the hour before: these say nothing and
 * are in no tail. An hour is left between the two, since a write may be under way for long, and clocks differ.
 */
export function isLate(hourStart: number, nowMicros: number): boolean {
  return hourStart < tailEnd(nowMicros) + hourMicros;
}
