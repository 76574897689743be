import { UnavailableError } from '../platform/unavailable.ts';

/** A turn of the event loop that takes longer has more to read than it came to. */
const busyTurnMillis = 20;

/** Times the time given, after which even a busy process waits no more. */
const mostExtended = 10;

/**
 * The outcome of `work`, or an UnavailableError after so many milliseconds; any other failure of it becomes one too. While the
 * process itself is what is late (a burst of requests keeps it busy, Lambda had frozen it) the answer may lie in the socket, or
 * the question not have left: it is waited for until a turn of the event loop has read all there is in good time. A thousand
 * reads at once would send hundreds of themselves to Postgres else, on a slow machine.
 */
export function withinTime<T>(work: Promise<T>, millis: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const fail = (cause: unknown): void => reject(new UnavailableError('cache', cause));
    const lastMillis = performance.now() + millis * mostExtended;
    const giveUp = (): void => {
      const beganMillis = performance.now();
      // After the sockets have been read.
      setImmediate(() => {
        const nowMillis = performance.now();
        if (isSettled) return;
        if (nowMillis - beganMillis < busyTurnMillis || nowMillis > lastMillis) {
          fail(new Error(`No answer within ${millis} ms`));
        } else giveUp();
      });
    };
    const timer = setTimeout(giveUp, millis);
    work.then(
      (outcome) => {
        isSettled = true;
        clearTimeout(timer);
        resolve(outcome);
      },
      (cause: unknown) => {
        isSettled = true;
        clearTimeout(timer);
        fail(cause);
      },
    );
  });
}
