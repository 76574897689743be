import { formatMicros } from '../contract/time.ts';
import type { Warning } from '../contract/training.ts';
import type { ViewVersion } from './model.ts';

const microsPerDay = 86_400_000_000;

/** Of rows with an event time before it (microseconds since the epoch) any may have been dropped. Undefined where all are kept. */
export function retentionHorizon({ retentionDays }: ViewVersion, nowMicros: number): number | undefined {
  return retentionDays === 0 ? undefined : nowMicros - retentionDays * microsPerDay;
}

/** What an answer says that asks for a time before the horizon. */
export function beyondRetention(version: ViewVersion, earliestMicros: number, nowMicros: number): Warning | undefined {
  const horizon = retentionHorizon(version, nowMicros);
  if (horizon === undefined || earliestMicros >= horizon) return undefined;
  return { code: 'beyond_retention', view: version.view, horizon: formatMicros(horizon) };
}
