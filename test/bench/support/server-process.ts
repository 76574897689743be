import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { devNull } from 'node:os';
import { freePort } from '../../support/free-port.ts';

export interface ServerProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Runs a server of ours in a process of its own. Its log lines are written out and go nowhere: read through a pipe they
 * would cost the process that makes the load. `cores` is a list as taskset takes it; without, it runs on any.
 */
export async function startServer(
  script: string,
  env: Readonly<Record<string, string>>,
  cores?: string,
): Promise<ServerProcess> {
  const port = await freePort();
  const sink = await open(devNull, 'w');
  const [command, ...args] = onCores(cores, [process.execPath, ...script.split(' ')]);
  const child = spawn(command, args, {
    stdio: ['ignore', sink.fd, 'inherit'],
    env: { ...process.env, ...env, PORT: String(port), HOST: '127.0.0.1' },
  });
  const end = (): void => {
    child.kill('SIGKILL');
  };
  process.on('exit', end);
  const url = `http://127.0.0.1:${port}`;
  await untilHealthy(url, () => child.exitCode !== null);
  return {
    url,
    stop: async () => {
      process.off('exit', end);
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      await sink.close();
    },
  };
}

/** A command that holds another to cores. The process is the other: taskset becomes it. */
export function onCores(cores: string | undefined, command: [string, ...string[]]): [string, ...string[]] {
  return cores === undefined ? command : ['taskset', '-c', cores, ...command];
}

async function untilHealthy(url: string, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (hasEnded()) throw new Error('the server ended before it answered');
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no answer from ${url} within a minute`);
}
