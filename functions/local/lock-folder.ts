import { rmSync } from 'node:fs';
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

/**
 * Keeps a second process out of a folder with embedded stores, which are made for one process and do not look: two of them
 * on one PGlite corrupt it. A lock file holds the pid; one whose process is gone is taken over. Let go of when this
 * process ends, in whatever way lets it run its exit handlers.
 */
export async function lockFolder(folder: string): Promise<void> {
  const file = join(folder, 'lock');
  while (!(await create(file))) {
    const holder = await readHolder(file);
    if (holder !== undefined && isAlive(holder)) {
      throw new StartError(
        `${folder} is in use by the process ${holder}: stop that one, or set DATA_FOLDER to another folder ` +
          `(if it is something else that has the number now, delete ${file}).`,
      );
    }
    await unlink(file).catch(ignoreMissing);
  }
  process.once('exit', () => rmSync(file, { force: true }));
}

async function create(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined where the lock has gone meanwhile, or holds no pid: its process died before it could write one. */
async function readHolder(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  const pid = Number(text);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** In a container every start has the same pid: a lock with our own is one of a container before. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
