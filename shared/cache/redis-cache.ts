import { entityKey, epochKey } from './keys.ts';
import type { CacheAnswer, CacheOptions, EntityRead, OnlineCache, SideCommand } from './online-cache.ts';
import type { RedisClient, RedisCommand } from './redis-client.ts';
import { runScript, type ScriptCall } from './run-script.ts';
import { endOfPart, millisOf, writeCalls } from './write-calls.ts';
import { publishEpochScript, writeNewestScript } from './write-newest.lua.ts';

export interface RedisCacheOptions extends CacheOptions {
  /** Does the work with a client, in bounded time. Rejects with nothing but an UnavailableError. */
  readonly call: <T>(work: (client: RedisClient) => Promise<T>) => Promise<T>;
  readonly close: () => void;
}

/** An epoch is kept where entities are not: other processes would not hear of a change otherwise. */
const epochSecondsWithoutCache = 3600;

/** The cache in Redis or Valkey, whichever the protocol: which commands are sent, and what their replies mean. */
export function createRedisCache(options: RedisCacheOptions): OnlineCache {
  const { generation, ttlSeconds, call, close } = options;
  return {
    read: (reads, along) => {
      const commands = readCommands(generation, reads);
      for (const side of along) commands.push(sideCommand(generation, side));
      if (commands.length === 0) return Promise.resolve({ reads: reads.map(() => []), along: [] });
      return call(async (client) => answerOf(reads, await client.send(commands)));
    },
    writeNewest: async (entries) => {
      if (ttlSeconds === 0 || entries.length === 0) return;
      // A part at a time, or the time-out would be for a write of any size.
      for (let start = 0; start < entries.length; ) {
        const end = endOfPart(entries, start);
        const part = entries.slice(start, end);
        start = end;
        await call((client) => runScript(client, writeNewestScript, writeCalls(client, options, part)));
      }
    },
    invalidate: async (tenantId, entityType, entityId) => {
      const key = entityKey(generation, tenantId, entityType, entityId);
      const [dropped] = await call((client) => client.send([{ name: 'unlink', key, args: [key] }]));
      return dropped === 1;
    },
    publishEpoch: async (tenantId, epoch) => {
      const ttlMillis = millisOf(ttlSeconds || epochSecondsWithoutCache);
      const write: ScriptCall = { keys: [epochKey(generation, tenantId)], args: [ttlMillis, epoch] };
      await call((client) => runScript(client, publishEpochScript, [write]));
    },
    ping: () => call((client) => client.ping()),
    close: async () => close(),
  };
}

function readCommands(generation: number, reads: readonly EntityRead[]): RedisCommand[] {
  const commands: RedisCommand[] = [];
  for (const { tenantId, entityType, entityId, fields } of reads) {
    // HMGET of no field is an error.
    if (fields.length === 0) continue;
    const key = entityKey(generation, tenantId, entityType, entityId);
    commands.push({ name: 'hmget', key, args: [key, ...fields] });
  }
  return commands;
}

function sideCommand(generation: number, { tenantId }: SideCommand): RedisCommand {
  const key = epochKey(generation, tenantId);
  return { name: 'get', key, args: [key] };
}

function answerOf(reads: readonly EntityRead[], replies: readonly unknown[]): CacheAnswer {
  let next = 0;
  const texts = reads.map(({ fields }) => (fields.length === 0 ? [] : textsOf(replies[next++])));
  return { reads: texts, along: replies.slice(next).map(epochOf) };
}

function textsOf(reply: unknown): (string | null)[] {
  if (!Array.isArray(reply)) throw new TypeError('HMGET answered something else than a list');
  return reply.map((text: unknown) => (typeof text === 'string' ? text : null));
}

function epochOf(reply: unknown): number | null {
  return typeof reply === 'string' ? Number(reply) : null;
}
