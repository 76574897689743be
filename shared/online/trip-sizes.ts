import type { ReadPlan } from '../registry/index.ts';
import { mostLengthOf } from '../values/index.ts';

/** Characters that one trip should read. */
const charactersAtOnce = 16 * 1024 * 1024;

/** A row has up to 1 MiB, so the most is what a trip may hold where rows are larger than all that were seen before. */
const mostAtOnce = 256;
const leastAtOnce = 16;

export interface TripSizes {
  /** How many rows the next trip of a plan may read. */
  atOnce(plan: ReadPlan): number;
  /** Told after each trip how many rows it found and what they had together. */
  learn(plan: ReadPlan, rows: number, characters: number): void;
}

/**
 * How many rows are read at once: as many as have 16 MiB, judged by those that were read before by the same plan, and for
 * the first time by what the dtypes of its views allow. So nearly all requests are one trip, and those for large rows keep
 * within the time-out of the cache as within memory.
 */
export function createTripSizes(): TripSizes {
  const usual = new WeakMap<ReadPlan, number>();
  return {
    atOnce: (plan) => {
      const fitting = Math.floor(charactersAtOnce / Math.max(1, usual.get(plan) ?? mostUsual(plan)));
      return Math.min(mostAtOnce, Math.max(leastAtOnce, fitting));
    },
    learn: (plan, rows, characters) => {
      if (rows === 0) return;
      // Large rows are remembered for some forty trips, or every second request could be one for which they are news.
      usual.set(plan, Math.max(characters / rows, (usual.get(plan) ?? 0) * 0.9));
    },
  };
}

/** Characters of a row of the plan's tables on average, at most. */
function mostUsual({ entities, slots }: ReadPlan): number {
  const tables = entities.flatMap((entity) => entity.tables);
  return tables.reduce((sum, { version }) => sum + mostLengthOf(version.features), 0) / slots;
}
