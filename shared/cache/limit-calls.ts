import { limitKey } from './keys.ts';
import type { LimitCommand } from './online-cache.ts';
import type { RedisClient, RedisCommand } from './redis-client.ts';
import { takeFromBucketsScript } from './take-from-buckets.lua.ts';
import type { LimitAnswer } from './take-from-buckets.ts';

export interface LimitCalls {
  commandOf(limit: LimitCommand): RedisCommand;
  /** The reply to a second attempt where the first failed for want of the script, as on a server started anew; else the failure. */
  sendAgain(client: RedisClient, limit: LimitCommand, failure: Error): Promise<unknown>;
}

/** How limits are sent to Redis. The command of a limit is made once: it is the same for all requests of a key. */
export function createLimitCalls(generation: number): LimitCalls {
  const commands = new WeakMap<LimitCommand, RedisCommand>();
  return {
    commandOf: (limit) => {
      const made = commands.get(limit) ?? callOf(generation, limit, 'evalsha', takeFromBucketsScript.sha);
      commands.set(limit, made);
      return made;
    },
    sendAgain: async (client, limit, failure) => {
      if (!failure.message.startsWith('NOSCRIPT')) return failure;
      const [reply] = await client.send([callOf(generation, limit, 'eval', takeFromBucketsScript.text)]);
      return reply;
    },
  };
}

/** Null of a failure. */
export function limitAnswerOf(reply: unknown): LimitAnswer | null {
  if (!Array.isArray(reply)) return null;
  const [refused, retryMicros, ...levels] = reply.map(Number);
  return {
    refusedBy: refused ? refused - 1 : undefined,
    retryMicros: retryMicros ?? 0,
    buckets: Array.from({ length: levels.length / 2 }, (_, place) => ({
      remaining: levels[2 * place] ?? 0,
      resetMicros: levels[2 * place + 1] ?? 0,
    })),
  };
}

function callOf(
  generation: number,
  { tenantId, buckets }: LimitCommand,
  name: 'eval' | 'evalsha',
  body: string,
): RedisCommand {
  const keys = buckets.map(({ keyId }) => limitKey(generation, tenantId, keyId));
  const rates = buckets.flatMap(({ intervalMicros, burst }) => [intervalMicros, burst]);
  return {
    name,
    key: limitKey(generation, tenantId, undefined),
    args: [body, keys.length, ...keys, ...rates],
    mayFail: true,
  };
}
