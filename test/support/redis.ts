import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child-process.ts';
import { freePort } from './free-port.ts';
import { findRedisServer } from './redis-binary.ts';

export interface RedisServer {
  /** `redis://127.0.0.1:port` */
  url: string;
  port: number;
  stop(): Promise<void>;
  /** Ends it as a crash does; `start()` brings it back on the same port. It keeps no data. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers, until `resume()`. */
  pause(): void;
  resume(): void;
}

/** A Redis (or Valkey) of its own without persistence, on a free port. */
export async function startRedis(extraArgs: string[] = []): Promise<RedisServer> {
  const binary = findRedisServer();
  if (binary === undefined) throw new Error('No redis-server or valkey-server on PATH');
  const folder = await mkdtemp(join(tmpdir(), 'feature-store-redis-'));
  const port = await freePort();

  function launch(command: string): Promise<Child> {
    const listen = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder];
    return startChild({
      command,
      args: [...listen, '--save', '', '--appendonly', 'no', ...extraArgs],
      readyWhen: /Ready to accept connections/,
      orphanFolder: folder,
    });
  }

  let child = await launch(binary);
  const kill = (): Promise<void> => child.end('SIGKILL');
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
    start: async () => {
      child = await launch(binary);
    },
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
  };
}
