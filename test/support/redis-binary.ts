import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a Redis server is on PATH (Redis itself, else Valkey), if there is one. */
export function findRedisServer(): string | undefined {
  return findOnPath('redis-server') ?? findOnPath('valkey-server');
}

export function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
