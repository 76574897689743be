import type { Logger } from '../../shared/platform/logger.ts';

/** A job that AWS runs by schedule and a laptop by timer. */
export interface RepeatedJob {
  readonly name: string;
  readonly pauseMillis: number;
  /** Before the first run. */
  readonly firstPauseMillis: number;
  work(): Promise<unknown>;
}

/** Runs a job again and again with a pause in between, never twice at once. Answers how to stop it, which waits for a run under way. */
export function repeat(
  logger: Logger,
  { name, pauseMillis, firstPauseMillis, work }: RepeatedJob,
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let isFailing = false;
  const run = async (): Promise<void> => {
    try {
      await work();
      isFailing = false;
    } catch (error) {
      // Once per outage, not once per run.
      if (!isFailing) logger.warn({ err: error }, `the ${name} failed; it goes on trying`);
      isFailing = true;
    }
    if (timer !== undefined) timer = setTimeout(start, pauseMillis);
  };
  const start = (): void => {
    running = run();
  };
  let timer: NodeJS.Timeout | undefined = setTimeout(start, firstPauseMillis);
  return async () => {
    clearTimeout(timer);
    timer = undefined;
    await running;
  };
}
