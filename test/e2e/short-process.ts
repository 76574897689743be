import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { environmentOf } from './local-process.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly millis: number;
}

export interface EndingProcess {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** Starts a command that is to end by itself, or by a signal; kills it, and what it started, after so long. */
export function startToEnd(
  command: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  withinMillis = 60_000,
): EndingProcess {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentOf(settings),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const killAll = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const impatience = setTimeout(killAll, withinMillis);
  process.once('exit', killAll);
  const ended = once(child, 'close').then(() => {
    clearTimeout(impatience);
    process.off('exit', killAll);
    return { code: child.exitCode, stdout, stderr, millis: performance.now() - startedAt };
  });
  return { pid: child.pid ?? 0, signal: (signal) => child.kill(signal), ended };
}

export function runToEnd(...start: Parameters<typeof startToEnd>): Promise<Ended> {
  return startToEnd(...start).ended;
}
