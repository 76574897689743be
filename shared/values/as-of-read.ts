import type { Feature } from '../registry/index.ts';

/** Entities and the moments at which they are asked for, place by place. Times in microseconds since the epoch. */
export interface Spine {
  readonly entityIds: readonly string[];
  readonly asOfMicros: readonly number[];
}

export interface AsOfRead {
  readonly table: string;
  /** The values that are read; others may stay undefined in the rows. */
  readonly features: readonly Feature[];
  readonly spine: Spine;
  /** Only rows recorded by then count. */
  readonly knownAtMicros?: number | undefined;
}
