import { Redis } from 'ioredis';
import { gatherWrites } from './gather-writes.ts';
import type { RedisCommand } from './redis-client.ts';
import {
  connectionSettings,
  type OnConnectionError,
  type RespClient,
  reconnectDelayMillis,
  replyOrError,
} from './resp-client.ts';

/** One server. Connects in the background from now on, for ever. */
export function connectSingle(url: string, onConnectionError: OnConnectionError): RespClient {
  const redis = new Redis(url, {
    ...connectionSettings,
    enableOfflineQueue: false,
    retryStrategy: reconnectDelayMillis,
  });
  redis.on('error', onConnectionError);
  // A failure has gone to the listener, and ioredis tries again by itself.
  const settle = (): void => {
    starting = undefined;
  };
  let starting: Promise<void> | undefined = redis.connect().then(settle, settle);

  function sendOne(command: RedisCommand): Promise<unknown> {
    return replyOrError(command, redis.call(command.name, command.args));
  }

  return {
    isReady: () => redis.status === 'ready',
    starting: () => starting,
    slotOf: () => 0,
    // Each by itself, and gathered they leave in one packet all the same. A pipeline of ioredis is an object of 600 members, which
    // lives with its commands and their replies until the collector's next full turn (docs/adr/0006).
    send: async (commands) => {
      gatherWrites(redis, commands);
      const [first] = commands;
      // The usual case, one entity, is spared the promise of all.
      if (first !== undefined && commands.length === 1) return [await sendOne(first)];
      return Promise.all(commands.map(sendOne));
    },
    ping: async () => {
      await redis.ping();
    },
    close: () => redis.disconnect(),
  };
}
