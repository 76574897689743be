/** A bounded map whose entries end. */
export interface ExpiringMap<Value> {
  get(key: string, nowMicros: number): Value | undefined;
  set(key: string, value: Value, expiresMicros: number): void;
}

/** All entries are to live equally long: the first one in is then the next to end, and the one to give way when full. */
export function createExpiringMap<Value>(maxEntries: number): ExpiringMap<Value> {
  const entries = new Map<string, { value: Value; expiresMicros: number }>();
  return {
    get: (key, nowMicros) => {
      const entry = entries.get(key);
      return entry !== undefined && nowMicros < entry.expiresMicros ? entry.value : undefined;
    },
    set: (key, value, expiresMicros) => {
      // Setting a key that is there would leave it at its old place.
      entries.delete(key);
      entries.set(key, { value, expiresMicros });
      if (entries.size <= maxEntries) return;
      for (const first of entries.keys()) {
        entries.delete(first);
        return;
      }
    },
  };
}
