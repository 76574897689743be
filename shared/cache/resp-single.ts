import { Redis } from 'ioredis';
import { gatherWrites } from './gather-writes.ts';
import type { RedisCommand } from './redis-client.ts';
import { connectionSettings, type OnConnectionError, type RespClient, reconnectDelayMillis } from './resp-client.ts';

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

  return {
    isReady: () => redis.status === 'ready',
    starting: () => starting,
    slotOf: () => 0,
    send: async (commands) => {
      gatherWrites(redis, commands);
      const [first, second] = commands;
      // The usual case, one entity, is spared the making of a pipeline. So is one with its limit, 3 µs in place of 11: gathered, both
      // leave together all the same.
      if (first && commands.length === 1 && !first.mayFail) return [await redis.call(first.name, first.args)];
      if (first && second?.mayFail && commands.length === 2 && !first.mayFail) {
        const beside = redis.call(second.name, second.args).catch((error: unknown) => error);
        return [await redis.call(first.name, first.args), await beside];
      }
      return (await sendPipeline(redis, commands)).map(([error, reply], index) => {
        if (error === null) return reply;
        if (commands[index]?.mayFail) return error;
        throw error;
      });
    },
    ping: async () => {
      await redis.ping();
    },
    close: () => redis.disconnect(),
  };
}

/** All commands in one packet, and what became of each. */
export async function sendPipeline(
  redis: Redis,
  commands: readonly RedisCommand[],
): Promise<[error: Error | null, reply: unknown][]> {
  const pipeline = redis.pipeline();
  for (const { name, args } of commands) pipeline.call(name, args);
  return (await pipeline.exec()) ?? [];
}
