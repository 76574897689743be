import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * What ioredis and shared/cache send. ioredis makes four functions for each of the 300 commands that it knows when it is loaded, 13 of
 * its 50 ms.
 */
export const commandsKept: ReadonlySet<string> = new Set([
  ...['get', 'hmget', 'unlink', 'eval', 'evalsha', 'ping'],
  ...['hello', 'auth', 'select', 'client', 'info', 'quit', 'multi', 'exec', 'himport', 'monitor'],
  ...['cluster', 'readonly', 'asking', 'sentinel'],
  // Methods of its own have these names: kept, they need not be told apart.
  ...['reset', 'set'],
  ...['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'],
]);

/** ioredis without the commands that nobody sends, and without the package that prints what `DEBUG` asks for. */
export const trimIoredis: Plugin = {
  name: 'trim-ioredis',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/@ioredis\/commands\/built\/commands\.json$/ }, async ({ path }) => {
      const commands: object = JSON.parse(await readFile(path, 'utf8'));
      const kept = Object.entries(commands).filter(([name]) => commandsKept.has(name));
      return { contents: JSON.stringify(Object.fromEntries(kept)), loader: 'json' };
    });
    onLoad({ filter: /\/node_modules\/debug\/src\/index\.js$/ }, () => ({
      contents: 'exports.default = () => ({ enabled: false });',
    }));
  },
};
