import type { CacheEntry, EntityRead, OnlineCache } from '../cache/index.ts';
import type { TenantContext } from '../platform/context.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import { type CachedWindows, fieldsAsked, isEnough, tailsToKeep, type WindowsAsked } from '../tiles/index.ts';
import type { PlannedStreams } from './planned-streams.ts';
import { type Along, type CachedParts, type Part, readFields } from './read-parts.ts';

/**
 * As readParts, for plans with stream views, which have several fields each: still one trip to the cache, but for entities whose
 * windows of days were not read within this hour. Of these the whole is read by a second trip, and the tails of it are kept.
 */
export async function readStreamParts(
  cache: OnlineCache,
  { tenantId }: TenantContext,
  parts: readonly Part[],
  along: Along,
  streams: PlannedStreams,
  nowMicros: number,
): Promise<CachedParts> {
  const counts: number[][] = [];
  const reads = parts.map(({ entity: { planned, entityId }, from, to }): EntityRead => {
    const ofTables = planned.tables.slice(from, to).map((table) => {
      const asked = streams.get(table);
      return asked === undefined ? [table.table] : fieldsAsked(asked, nowMicros, false);
    });
    counts.push(ofTables.map(({ length }) => length));
    return { tenantId, entityType: planned.entityType, entityId, fields: ofTables.flat() };
  });
  const { texts, epoch } = await readFields(cache, tenantId, reads, along);
  if (texts === undefined) return { texts, epoch };
  const windows = new Map<number, CachedWindows>();
  const short: ShortRead[] = [];
  const rows = parts.map(({ entity: { planned, entityId, firstPlace }, from, to }, index) => {
    let next = 0;
    return planned.tables.slice(from, to).map((table, offset) => {
      const first = next;
      next += counts[index]?.[offset] ?? 0;
      const found = texts[index]?.slice(first, next) ?? [];
      const asked = streams.get(table);
      if (asked === undefined) return found[0] ?? null;
      const place = firstPlace + from + offset;
      const cached = { texts: found, isWhole: false, askedMicros: nowMicros };
      windows.set(place, cached);
      if (!isEnough(asked, cached)) {
        short.push({ place, asked, entity: { tenantId, entityType: planned.entityType, entityId } });
      }
      return null;
    });
  });
  if (short.length > 0) await readWhole(cache, short, windows, nowMicros);
  return { texts: rows, epoch, windows };
}

/** What was read of an entity's windows, and is not enough. */
interface ShortRead {
  readonly place: number;
  readonly asked: WindowsAsked;
  readonly entity: Omit<EntityRead, 'fields'>;
}

/** Where the cache is away by now, Postgres answers. */
async function readWhole(
  cache: OnlineCache,
  short: readonly ShortRead[],
  windows: Map<number, CachedWindows>,
  nowMicros: number,
): Promise<void> {
  try {
    const reads = short.map(({ asked, entity }) => ({ ...entity, fields: fieldsAsked(asked, nowMicros, true) }));
    const { reads: found } = await cache.read(reads, []);
    const tails: CacheEntry[] = [];
    for (const [index, { place, asked, entity }] of short.entries()) {
      const texts = found[index] ?? [];
      windows.set(place, { texts, isWhole: true, askedMicros: nowMicros });
      tails.push(...tailsToKeep(asked, texts, nowMicros).map((tail) => ({ ...entity, ...tail })));
    }
    await cache.writeNewest(tails);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
  }
}
