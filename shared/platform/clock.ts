/** Passed to everything that asks for the time, so that tests choose it. */
export interface Clock {
  /** Microseconds since the epoch. */
  nowMicros(): number;
  /** As `nowMicros`, but greater at each call of this process: two writes never arrive at one moment. */
  arrivalMicros(): number;
}

export function createSystemClock(): Clock {
  let lastArrival = 0;
  const nowMicros = (): number => Date.now() * 1000;
  return {
    nowMicros,
    arrivalMicros: () => {
      lastArrival = Math.max(nowMicros(), lastArrival + 1);
      return lastArrival;
    },
  };
}
