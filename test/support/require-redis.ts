import { spawnSync } from 'node:child_process';
import { findOnPath, findRedisServer } from './redis-binary.ts';

/** Sees to it that there is a Redis server, which no npm package carries: installs it where it may, else says how. */
export function requireRedis(): boolean {
  if (findRedisServer() !== undefined) return true;
  if (process.getuid?.() === 0 && findOnPath('apt-get') !== undefined) {
    process.stdout.write('No redis-server on PATH: installing it with apt-get.\n');
    if (aptGet('update') && aptGet('install', '-y', '--no-install-recommends', 'redis-server')) {
      if (findRedisServer() !== undefined) return true;
    }
  }
  process.stderr.write(
    'The tests need a redis-server or valkey-server on PATH, for example from ' +
      '`apt-get install redis-server` or `brew install redis`.\n',
  );
  return false;
}

function aptGet(...args: string[]): boolean {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) process.stderr.write(`${stdout}${stderr}`);
  return status === 0;
}

if (import.meta.main && !requireRedis()) process.exitCode = 1;
