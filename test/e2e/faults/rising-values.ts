/** What was written of one entity, whose values rise by one, and by when that had been answered. */
export interface RisingValue {
  /** The next value, which counts as sent from now on. */
  next(): number;
  acknowledged(value: number, atMillis: number): void;
  /**
   * What is wrong with a value that a read begun at this moment was answered; milliseconds for which it had been out of date by
   * then, 0 where it was not.
   */
  judge(value: unknown, begunMillis: number): { readonly wrong: string } | { readonly staleMillis: number };
}

export function createRisingValue(): RisingValue {
  let sent = 0;
  /** By value when it was acknowledged; of one that failed nobody knows whether it was stored. */
  const acknowledged: { readonly value: number; readonly atMillis: number }[] = [];
  return {
    next: () => {
      sent++;
      return sent;
    },
    acknowledged: (value, atMillis) => {
      acknowledged.push({ value, atMillis });
    },
    judge: (value, begunMillis) => {
      if (typeof value !== 'number' || value < 1 || value > sent) return { wrong: `${value} was never written` };
      // Since the first of the newer ones was acknowledged the value is out of date.
      let place = acknowledged.length;
      while (place > 0 && (acknowledged[place - 1]?.value ?? 0) > value) place--;
      const newer = acknowledged[place];
      return { staleMillis: newer === undefined ? 0 : Math.max(0, begunMillis - newer.atMillis) };
    },
  };
}
