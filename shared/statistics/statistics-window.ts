import { FeatureStoreError } from '../contract/errors.ts';
import { type StatisticsRequest, statisticsLimits } from '../contract/statistics.ts';
import { toMicros } from '../contract/time.ts';

/** Microseconds since the epoch of the first hour asked, and of the first one after. */
export interface HoursAsked {
  readonly fromMicros: number;
  readonly toMicros: number;
}

export interface StatisticsWindow {
  readonly fromMicros: number;
  /** Exclusive. */
  readonly toMicros: number;
}

const microsPerHour = 3_600_000_000;
const defaultHours = 24;

/** What is asked for: up to now and the 24 hours before it, where the request says nothing else. Throws invalid_request. */
export function statisticsWindow({ from, to }: StatisticsRequest, nowMicros: number): StatisticsWindow {
  const toMicrosAsked = to === undefined ? nowMicros : toMicros(to);
  const fromMicros = from === undefined ? toMicrosAsked - defaultHours * microsPerHour : toMicros(from);
  if (fromMicros >= toMicrosAsked) {
    throw new FeatureStoreError(
      'invalid_request',
      `query.from: must be before ${to === undefined ? 'now, as there is no to' : 'to'}`,
    );
  }
  if (toMicrosAsked - fromMicros > statisticsLimits.hours * microsPerHour) {
    throw new FeatureStoreError('invalid_request', `query.from: at most ${statisticsLimits.hours} hours before to`);
  }
  return { fromMicros, toMicros: toMicrosAsked };
}

/**
 * The hours of which any part is in the window and not before the horizon. What rows are dropped when differs with the
 * store and its last maintenance; by this rule the answer does not.
 */
export function hoursOf({ fromMicros, toMicros }: StatisticsWindow, horizonMicros: number | undefined): HoursAsked {
  const from = Math.max(fromMicros, horizonMicros ?? fromMicros);
  return { fromMicros: Math.floor(from / microsPerHour) * microsPerHour, toMicros };
}
