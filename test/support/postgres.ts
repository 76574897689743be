import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, startChild } from './child-process.ts';
import { freePort } from './free-port.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';

export interface PostgresOptions {
  /**
   * Leaves fsync and full_page_writes on, as the benchmarks need. Off when left out: only a crash of the machine could
   * then lose a commit. synchronous_commit stays on in any case: without it `kill()` loses what was just committed.
   */
  durable?: boolean;
  /** Further settings, such as `{ log_min_duration_statement: '0' }`. */
  settings?: Record<string, string>;
}

export interface PostgresServer {
  /** `postgres://postgres:…@127.0.0.1:port/postgres`, the superuser's. */
  url: string;
  port: number;
  stop(): Promise<void>;
  /** Ends it at once without a checkpoint, so that `start()` has to recover from the log as after a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data after `kill()`. */
  start(): Promise<void>;
}

/** A Postgres 18 of its own on a free port, its data in a temporary folder. Works as root and as anyone else. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = await findPostgresBinaries();
  const folder = await mkdtemp(join(binaries.temporaryFolder, 'feature-store-postgres-'));
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  await initialise(binaries, folder, password);

  const settings = {
    listen_addresses: '127.0.0.1',
    port: `${port}`,
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    timezone: 'UTC',
    ...(options.durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const launch = (): Promise<Child> =>
    startChild({
      command: join(binaries.folder, 'bin', 'postgres'),
      args: [
        '-D',
        join(folder, 'data'),
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      readyWhen: /database system is ready to accept connections/,
      cwd: folder,
      // Immediate shutdown: the server ends its backends too, which a SIGKILL to it would leave at their query.
      orphanSignal: 'SIGQUIT',
      orphanFolder: folder,
      ...(binaries.user ? { user: binaries.user } : {}),
    });

  let child = await launch();
  const kill = (): Promise<void> => child.end('SIGQUIT');
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    kill,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
    start: async () => {
      child = await launch();
    },
  };
}

async function initialise(binaries: PostgresBinaries, folder: string, password: string): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (binaries.user) {
    await chown(folder, binaries.user.uid, binaries.user.gid);
    await chown(passwordFile, binaries.user.uid, binaries.user.gid);
  }
  // One collation whatever the machine has installed, and messages that the ready line can be found in.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const login = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const { status, stderr } = spawnSync(
    join(binaries.folder, 'bin', 'initdb'),
    [`--pgdata=${join(folder, 'data')}`, '--no-sync', ...locale, ...login],
    { ...binaries.user, cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`initdb failed: ${stderr}`);
  }
  await rm(passwordFile);
}
