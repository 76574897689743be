import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ChildOptions {
  command: string;
  args: string[];
  /** The child is ready when its output (both streams) matches this. */
  readyWhen: RegExp;
  /** How long it may take to be ready; 60 000 ms when left out. */
  readyTimeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Run as this user; only root may ask for it. */
  user?: { uid: number; gid: number };
  /** What the guard sends when this process dies without having ended the child; SIGKILL when left out. */
  orphanSignal?: NodeJS.Signals;
  /** A folder that goes with the child when this process dies without having ended it. */
  orphanFolder?: string;
}

export interface Child {
  pid: number;
  /** The last 16 KiB of what it wrote. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and waits until the process is gone: SIGKILL follows after 10 s. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a process and waits until it is ready. It never outlives this process, however this process ends. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(options.command, options.args, {
    // A group of its own: Ctrl-C in a terminal reaches the tests alone, which then end their services in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.user,
  });
  await once(child, 'spawn');
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.command} did not start`);

  const releaseGuard = guard(pid, options);
  const gone = once(child, 'exit').then(releaseGuard);

  let output = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-16_384);
      for (const watcher of watchers) watcher();
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(impatience);
  }

  const timeoutMs = options.readyTimeoutMs ?? 60_000;
  let watcher = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const isReady = await Promise.race([
    gone.then(() => false),
    new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
      watcher = () => options.readyWhen.test(output) && resolve(true);
      watchers.add(watcher);
    }),
  ]);
  clearTimeout(timer);
  watchers.delete(watcher);
  if (!isReady) {
    await end('SIGKILL');
    throw new Error(`${options.command} ended or was not ready within ${timeoutMs} ms. It wrote:\n${output}`);
  }
  return { pid, output: () => output, signal: (signal) => child.kill(signal), end };
}

/**
 * Ends the child when this process dies. A shell waits at the end of a pipe that only this process holds open: that
 * covers exit, SIGINT, SIGTERM and also SIGKILL, which no handler in here could. Returns its release.
 */
function guard(pid: number, options: ChildOptions): () => void {
  const script = `
    read -r released && exit 0
    kill -"$1" "$2"
    attempts=0
    while kill -0 "$2" 2>/dev/null && [ $attempts -lt 50 ]; do sleep 0.1; attempts=$((attempts + 1)); done
    kill -KILL "$2"
    [ -z "$3" ] || rm -rf -- "$3"`;
  const signal = (options.orphanSignal ?? 'SIGKILL').replace('SIG', '');
  const shell = spawn('/bin/sh', ['-c', script, 'guard', signal, `${pid}`, options.orphanFolder ?? ''], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  shell.stdin.on('error', () => {});
  return () => shell.stdin.end('released\n');
}
