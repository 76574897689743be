import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

/** A progress bar on standard error; where that is no terminal, a line every two seconds. */
export function createProgress(what: string): Progress {
  const bar = new SingleBar(
    {
      format: `${what} [{bar}] {value}/{total} rows`,
      noTTYOutput: true,
      notTTYSchedule: 2000,
      stream: process.stderr,
      clearOnComplete: false,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update: (done, total) => {
      if (!started) bar.start(total, 0);
      started = true;
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}
