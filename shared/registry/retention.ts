import { formatMicros } from '../contract/time.ts';
import type { Warning } from '../contract/training.ts';
import type { StreamSource, ViewVersion } from './model.ts';

const microsPerDay = 86_400_000_000;

/** Of rows with an event time before it (microseconds since the epoch) any may have been dropped. Undefined where all are kept. */
export function retentionHorizon(
  { retentionDays }: Pick<ViewVersion, 'retentionDays'>,
  nowMicros: number,
): number | undefined {
  return retentionDays === 0 ? undefined : nowMicros - retentionDays * microsPerDay;
}

/** What an answer says that asks for a time before the horizon: for a stream view also before that of its source. */
export function beyondRetention(
  version: ViewVersion,
  earliestMicros: number,
  nowMicros: number,
  source?: StreamSource,
): Warning | undefined {
  const horizons = [version, ...(source === undefined ? [] : [source])].map((kept) =>
    retentionHorizon(kept, nowMicros),
  );
  const horizon = Math.max(...horizons.map((micros) => micros ?? Number.NEGATIVE_INFINITY));
  if (earliestMicros >= horizon) return undefined;
  return { code: 'beyond_retention', view: version.view, horizon: formatMicros(horizon) };
}
