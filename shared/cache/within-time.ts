import { UnavailableError } from '../platform/unavailable.ts';

/** The outcome of `work`, or an UnavailableError after so many milliseconds; any other failure of it becomes one too. */
export function withinTime<T>(work: Promise<T>, millis: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(new UnavailableError('cache', cause));
    // After a long pause of the process (Lambda freezes it) the time-out is due before the answer that lies in the socket
    // has been read. setImmediate comes after the reading.
    const timer = setTimeout(() => setImmediate(() => fail(new Error(`No answer within ${millis} ms`))), millis);
    work.then(
      (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        fail(cause);
      },
    );
  });
}
