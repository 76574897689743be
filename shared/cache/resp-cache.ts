import { entityKey, epochKey } from './keys.ts';
import type { CacheAnswer, CacheEntry, CacheOptions, EntityRead, OnlineCache, SideCommand } from './online-cache.ts';
import type { RespClient, RespCommand } from './resp-client.ts';
import { connectCluster } from './resp-cluster.ts';
import { connectSingle } from './resp-single.ts';
import { parseRespUrl } from './resp-url.ts';
import { withinTime } from './within-time.ts';
import { publishEpochScript, type Script, writeNewestScript } from './write-newest.lua.ts';

export interface RespCacheOptions extends CacheOptions {
  /** `redis://host:port`, `rediss://…`, or a cluster: `redis-cluster://host:port,host:port`, `rediss-cluster://…` */
  readonly url: string;
  /** Used in turn; to each node of a cluster. One is best where the cache is near. Default 1. */
  readonly maxConnections?: number;
  /** After which a read, or a write of a thousand entries, fails. Default 250. */
  readonly timeoutMillis?: number;
  /** Hears of every attempt to connect that failed: in an outage two a second for each connection. */
  readonly onConnectionError?: (error: unknown) => void;
}

/** Entities in one call of the script, which holds up all others: of 10,000 entries, 40 to 80 ms in all, under 1 ms. */
const scriptEntries = 100;

/** Entries sent at once: 3 to 10 ms of Redis. */
const entriesAtOnce = 1000;

/** An epoch is kept where entities are not: other processes would not hear of a change otherwise. */
const epochSecondsWithoutCache = 3600;

/**
 * Redis or Valkey. Connects in the background and again for ever; while there is no connection every call fails at once.
 * Every failure is an UnavailableError.
 */
export function createRespCache(options: RespCacheOptions): OnlineCache {
  const { generation, ttlSeconds, timeoutMillis = 250 } = options;
  const clients = connect(options);
  let turn = 0;

  /** The next client that is connected, else the next one. */
  function nextClient(): RespClient {
    for (let tried = 1; tried < clients.length; tried += 1) {
      turn = (turn + 1) % clients.length;
      const client = clients[turn];
      if (client?.isReady()) return client;
    }
    turn = (turn + 1) % clients.length;
    return clients[turn] ?? clients[0];
  }

  function call<T>(work: (client: RespClient) => Promise<T>): Promise<T> {
    const client = nextClient();
    const starting = client.starting();
    return withinTime(starting ? starting.then(() => work(client)) : work(client), timeoutMillis);
  }

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
    close: async () => {
      for (const client of clients) client.close();
    },
  };
}

/** All of an entity in one call of the script, where it can be: a reader then sees all of it or nothing. */
function endOfPart(entries: readonly CacheEntry[], start: number): number {
  let end = Math.min(start + entriesAtOnce, entries.length);
  const most = Math.min(end + mostFields, entries.length);
  for (let before = entries[end - 1]; end < most; end++) {
    const entry = entries[end];
    if (entry === undefined || before === undefined || !isSameEntity(entry, before)) break;
    before = entry;
  }
  return end;
}

function connect({
  url,
  maxConnections = 1,
  onConnectionError = () => {},
}: RespCacheOptions): [RespClient, ...RespClient[]] {
  const address = parseRespUrl(url);
  const connectOne = (): RespClient =>
    address.kind === 'single'
      ? connectSingle(address.url, onConnectionError)
      : connectCluster(address, onConnectionError);
  return [connectOne(), ...Array.from({ length: maxConnections - 1 }, connectOne)];
}

function readCommands(generation: number, reads: readonly EntityRead[]): RespCommand[] {
  const commands: RespCommand[] = [];
  for (const { tenantId, entityType, entityId, fields } of reads) {
    // HMGET of no field is an error.
    if (fields.length === 0) continue;
    const key = entityKey(generation, tenantId, entityType, entityId);
    commands.push({ name: 'hmget', key, args: [key, ...fields] });
  }
  return commands;
}

function sideCommand(generation: number, { tenantId }: SideCommand): RespCommand {
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

/** Redis takes whole milliseconds only. */
function millisOf(seconds: number): number {
  return Math.ceil(seconds * 1000);
}

interface ScriptCall {
  readonly keys: [string, ...string[]];
  readonly args: readonly (string | number)[];
}

function writeCalls(client: RespClient, options: CacheOptions, entries: readonly CacheEntry[]): ScriptCall[] {
  const ttlMillis = millisOf(options.ttlSeconds);
  const open = new Map<number, { keys: [string, ...string[]]; args: (string | number)[] }>();
  const calls: ScriptCall[] = [];
  for (const { key, fields } of entitiesOf(options.generation, entries)) {
    const slot = client.slotOf(key);
    const call = open.get(slot);
    if (call === undefined || call.keys.length === scriptEntries) {
      const begun: { keys: [string, ...string[]]; args: (string | number)[] } = { keys: [key], args: [ttlMillis] };
      begun.args.push(fields.length / 2, ...fields);
      open.set(slot, begun);
      calls.push(begun);
    } else {
      call.keys.push(key);
      call.args.push(fields.length / 2, ...fields);
    }
  }
  return calls;
}

/** Fields of an entity that one call of the script may take: Lua unpacks no list of 8,000. */
const mostFields = 1000;

/** Of each entity the fields and their texts in turn: those that follow one another in the entries, in one part. */
function entitiesOf(generation: number, entries: readonly CacheEntry[]): { key: string; fields: string[] }[] {
  const entities: { key: string; fields: string[] }[] = [];
  let last: { key: string; fields: string[] } | undefined;
  let before: CacheEntry | undefined;
  for (const entry of entries) {
    if (
      last === undefined ||
      last.fields.length >= 2 * mostFields ||
      before === undefined ||
      !isSameEntity(entry, before)
    ) {
      last = { key: entityKey(generation, entry.tenantId, entry.entityType, entry.entityId), fields: [] };
      entities.push(last);
    }
    last.fields.push(entry.field, entry.stored);
    before = entry;
  }
  return entities;
}

function isSameEntity(a: CacheEntry, b: CacheEntry): boolean {
  return a.entityId === b.entityId && a.entityType === b.entityType && a.tenantId === b.tenantId;
}

/**
 * A server that was started anew, or whose scripts were flushed, does not know the script by its hash. Then all calls are
 * made again with its text: those that were done change nothing a second time, and the order stays.
 */
async function runScript(client: RespClient, script: Script, calls: readonly ScriptCall[]): Promise<void> {
  const commands = (name: 'eval' | 'evalsha', body: string): RespCommand[] =>
    calls.map(({ keys, args }) => ({ name, key: keys[0], args: [body, keys.length, ...keys, ...args] }));
  try {
    await client.send(commands('evalsha', script.sha));
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    await client.send(commands('eval', script.text));
  }
}
