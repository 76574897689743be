import type { Clock } from '../../../shared/platform/clock.ts';

export interface SetClock extends Clock {
  passSeconds(seconds: number): void;
  /** The event time, in microseconds, of what happened so long before now. */
  secondsAgo(seconds: number): number;
}

/** A clock that stands still unless it is told. */
export function setClock(): SetClock {
  let nowMicros = 1_700_000_000_000_000;
  return {
    nowMicros: () => nowMicros,
    arrivalMicros: () => nowMicros,
    passSeconds: (seconds) => {
      nowMicros += seconds * 1e6;
    },
    secondsAgo: (seconds) => nowMicros - seconds * 1e6,
  };
}
