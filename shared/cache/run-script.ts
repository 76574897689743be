import type { RedisClient, RedisCommand } from './redis-client.ts';
import type { Script } from './write-newest.lua.ts';

export interface ScriptCall {
  readonly keys: [string, ...string[]];
  readonly args: readonly (string | number)[];
}

/**
 * Makes all calls at once. A server that was started anew, or whose scripts were flushed, does not know the script by its
 * hash. Then all calls are made again with its text: those that were done change nothing a second time, and the order stays.
 */
export async function runScript(client: RedisClient, script: Script, calls: readonly ScriptCall[]): Promise<void> {
  const commands = (name: 'eval' | 'evalsha', body: string): RedisCommand[] =>
    calls.map(({ keys, args }) => ({ name, key: keys[0], args: [body, keys.length, ...keys, ...args] }));
  try {
    await client.send(commands('evalsha', script.sha));
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    await client.send(commands('eval', script.text));
  }
}
