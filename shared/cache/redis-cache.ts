import { entityKey, epochKey } from './keys.ts';
import { createLimitCalls, limitAnswerOf } from './limit-calls.ts';
import type { CacheAnswer, CacheOptions, EntityRead, OnlineCache, SideCommand } from './online-cache.ts';
import { orDropped } from './or-dropped.ts';
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
  const limits = createLimitCalls(generation);

  const sideCommand = (side: SideCommand): RedisCommand => {
    if (side.kind === 'limit') return limits.commandOf(side);
    const key = epochKey(generation, side.tenantId);
    return { name: 'get', key, args: [key] };
  };

  return {
    read: (reads, along) => {
      const commands = readCommands(generation, reads);
      for (const side of along) commands.push(sideCommand(side));
      if (commands.length === 0) return Promise.resolve({ reads: reads.map(() => []), along: [] });
      return call(async (client) => {
        const replies = await client.send(commands);
        const first = commands.length - along.length;
        for (const [index, side] of along.entries()) {
          const failure = replies[first + index];
          if (side.kind !== 'limit' || !(failure instanceof Error)) continue;
          replies[first + index] = await limits.sendAgain(client, side, failure);
          if (commands.length === 1 && replies[0] instanceof Error) throw replies[0];
        }
        return answerOf(reads, along, replies);
      });
    },
    writeNewest: async (entries, reason) => {
      if (ttlSeconds === 0 || entries.length === 0) return;
      // A part at a time, or the time-out would be for a write of any size.
      for (let start = 0; start < entries.length; ) {
        const end = endOfPart(entries, start);
        const part = entries.slice(start, end);
        start = end;
        await call(async (client) => {
          const calls = writeCalls(client, options, part);
          const written = runScript(client, writeNewestScript, calls);
          await (reason === 'projection' ? orDropped(client, calls, written) : written);
        });
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

function answerOf(
  reads: readonly EntityRead[],
  along: readonly SideCommand[],
  replies: readonly unknown[],
): CacheAnswer {
  let next = 0;
  const texts = reads.map(({ fields }) => (fields.length === 0 ? [] : textsOf(replies[next++])));
  return {
    reads: texts,
    along: along.map(({ kind }) => (kind === 'limit' ? limitAnswerOf(replies[next++]) : epochOf(replies[next++]))),
  };
}

function textsOf(reply: unknown): (string | null)[] {
  if (!Array.isArray(reply)) throw new TypeError('HMGET answered something else than a list');
  return reply.map((text: unknown) => (typeof text === 'string' ? text : null));
}

function epochOf(reply: unknown): number | null {
  return typeof reply === 'string' ? Number(reply) : null;
}
