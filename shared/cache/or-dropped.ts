import type { RedisClient } from './redis-client.ts';
import type { ScriptCall } from './run-script.ts';

/**
 * Fails as the writing of `calls` does. A server that is full and may evict nothing refuses writes and answers reads: of what it
 * refuses it has older values, which every other process would read for as long as that lasts. Removing it takes no memory.
 */
export async function orDropped(
  client: RedisClient,
  calls: readonly ScriptCall[],
  written: Promise<void>,
): Promise<void> {
  try {
    await written;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('OOM')) {
      await client.send(calls.map(({ keys }) => ({ name: 'unlink', key: keys[0], args: keys })));
    }
    throw error;
  }
}
