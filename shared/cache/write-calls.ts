import { entityKey } from './keys.ts';
import type { CacheEntry, CacheOptions } from './online-cache.ts';
import type { RedisClient } from './redis-client.ts';
import type { ScriptCall } from './run-script.ts';

/** Entities in one call of the script, which holds up all others: of 10,000 entries, 40 to 80 ms in all, under 1 ms. */
const scriptEntries = 100;

interface OpenCall {
  readonly keys: [string, ...string[]];
  readonly args: (string | number)[];
}

/** The calls of the script that write these entries, each with entities of one slot. */
export function writeCalls(
  client: RedisClient,
  { generation, ttlSeconds }: CacheOptions,
  entries: readonly CacheEntry[],
): ScriptCall[] {
  const ttlMillis = millisOf(ttlSeconds);
  const open = new Map<number, OpenCall>();
  const calls: ScriptCall[] = [];
  for (const { key, fields } of entitiesOf(generation, entries)) {
    const slot = client.slotOf(key);
    const call = open.get(slot);
    if (call === undefined || call.keys.length === scriptEntries) {
      const begun: OpenCall = { keys: [key], args: [ttlMillis] };
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

/** Redis takes whole milliseconds only. */
export function millisOf(seconds: number): number {
  return Math.ceil(seconds * 1000);
}

/** Entries sent at once: 3 to 10 ms of Redis. */
const entriesAtOnce = 1000;

/** Characters after which a part ends with its entity: a row has up to 1 MiB, and Upstash refuses requests over 10 MB. */
const charactersAtOnce = 1024 * 1024;

/** Where the part that begins at `start` ends. All of an entity is in one part where it can be: a reader then sees all of it or nothing. */
export function endOfPart(entries: readonly CacheEntry[], start: number): number {
  let characters = 0;
  for (let end = start; end < entries.length; end++) {
    const [before, entry] = [entries[end - 1], entries[end]];
    if (entry === undefined) return end;
    const isFull = end - start >= entriesAtOnce || characters >= charactersAtOnce;
    const isSame = before !== undefined && isSameEntity(entry, before);
    if (isFull && (!isSame || end - start >= entriesAtOnce + mostFields)) return end;
    characters += entry.stored.length;
  }
  return entries.length;
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
