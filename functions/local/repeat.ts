import type { Logger } from '../../shared/platform/logger.ts';

/** Runs `work` again and again with a pause in between, never twice at once. Answers how to stop it, which waits for a run under way. */
export function repeat(logger: Logger, pauseMillis: number, work: () => Promise<unknown>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let isFailing = false;
  const run = async (): Promise<void> => {
    try {
      await work();
      isFailing = false;
    } catch (error) {
      // Once per outage, not once per second.
      if (!isFailing) logger.warn({ err: error }, 'sweep failed; it goes on trying');
      isFailing = true;
    }
    if (timer !== undefined) timer = setTimeout(start, pauseMillis);
  };
  const start = (): void => {
    running = run();
  };
  let timer: NodeJS.Timeout | undefined = setTimeout(start, pauseMillis);
  return async () => {
    clearTimeout(timer);
    timer = undefined;
    await running;
  };
}
