import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { DeadLetterStore } from './dead-letter-store.ts';

/** Dead letters as files, a folder for each part of a key. */
export function createFolderDeadLetters(folder: string): DeadLetterStore {
  return {
    put: async (key, text) => {
      const file = fileOf(folder, key);
      await mkdir(dirname(file), { recursive: true });
      // Whole or not at all, whenever this process ends.
      const draft = `${file}.${crypto.randomUUID()}`;
      await writeFile(draft, text);
      await rename(draft, file);
    },
    get: async (key) => {
      try {
        return await readFile(fileOf(folder, key), 'utf8');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    remove: (key) => rm(fileOf(folder, key), { force: true }),
    list: (prefix) => listFiles(folder, prefix),
  };
}

async function* listFiles(folder: string, prefix: string): AsyncIterable<string> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const keys = names.map((name) => name.split(sep).join('/')).filter((name) => name.endsWith('.json'));
  yield* keys.filter((key) => key.startsWith(prefix)).sort();
}

/** Keys hold names that others chose, such as of a topic: none of them leads out of the folder. */
function fileOf(folder: string, key: string): string {
  const parts = key.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\'))) {
    throw new Error(`${JSON.stringify(key)} is no key of a dead letter`);
  }
  return join(folder, ...parts);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
