import type { LimitCommand } from './online-cache.ts';
import { type LimitAnswer, takeFromBuckets } from './take-from-buckets.ts';

export interface LocalLimitsOptions {
  /** Of a clock that is never set. Default the process's own. */
  readonly nowMicros?: () => number;
  /** Beyond which the bucket that was asked for longest ago counts as full. Default 20,000, about 3 MB. */
  readonly maxBuckets?: number;
}

/** Limits of this process alone: those of the cache in memory, and of any other while it is away. */
export function createLocalLimits({
  nowMicros = () => performance.now() * 1000,
  maxBuckets = 20_000,
}: LocalLimitsOptions = {}): (command: LimitCommand) => LimitAnswer {
  // In the order of their last request.
  const buckets = new Map<string, number>();
  return (command) => {
    const names = command.buckets.map(({ keyId }) =>
      keyId === undefined ? command.tenantId : `${command.tenantId}:${keyId}`,
    );
    const held = names.map((name) => buckets.get(name));
    const { answer, fullMicros } = takeFromBuckets(command.buckets, held, nowMicros());
    for (const [place, name] of names.entries()) {
      buckets.delete(name);
      const full = fullMicros[place];
      if (full !== undefined) buckets.set(name, full);
    }
    for (const name of buckets.keys()) {
      if (buckets.size <= maxBuckets) break;
      buckets.delete(name);
    }
    return answer;
  };
}
