/** A refusal that holds for a while. */
export interface Refusal {
  /** Before which whatever asks the same bucket is refused. */
  readonly untilMillis: number;
  /** At which the bucket is full. */
  readonly fullMillis: number;
}

export interface Refusals {
  note(id: string, refusal: Refusal): void;
  /** That of a bucket, if it still holds. */
  find(id: string, nowMillis: number): Refusal | undefined;
}

/**
 * The buckets that refused, each until it would not: a bucket is filled by time alone, so until then the answer is known. Whoever goes on
 * asking at his limit costs no trip to the cache then. Of more than `mostHeld` the oldest is forgotten, and asked again.
 */
export function createRefusals(mostHeld = 10_000): Refusals {
  const held = new Map<string, Refusal>();
  return {
    note: (id, refusal) => {
      held.delete(id);
      held.set(id, refusal);
      if (held.size <= mostHeld) return;
      for (const oldest of held.keys()) {
        held.delete(oldest);
        return;
      }
    },
    find: (id, nowMillis) => {
      const refusal = held.get(id);
      if (refusal === undefined || nowMillis < refusal.untilMillis) return refusal;
      held.delete(id);
      return undefined;
    },
  };
}
