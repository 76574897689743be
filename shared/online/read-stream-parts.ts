import type { EntityRead, OnlineCache } from '../cache/index.ts';
import type { TenantContext } from '../platform/context.ts';
import { fieldsAsked } from '../tiles/index.ts';
import type { PlannedStreams } from './planned-streams.ts';
import { type CachedParts, type Part, readFields } from './read-parts.ts';

/** As readParts, for plans with stream views, which have several fields each: still one trip to the cache. */
export async function readStreamParts(
  cache: OnlineCache,
  { tenantId }: TenantContext,
  parts: readonly Part[],
  isCheckDue: boolean,
  streams: PlannedStreams,
  nowMicros: number,
): Promise<CachedParts> {
  const counts: number[][] = [];
  const reads = parts.map(({ entity: { planned, entityId }, from, to }): EntityRead => {
    const ofTables = planned.tables.slice(from, to).map((table) => {
      const asked = streams.get(table);
      return asked === undefined ? [table.table] : fieldsAsked(asked, nowMicros);
    });
    counts.push(ofTables.map(({ length }) => length));
    return { tenantId, entityType: planned.entityType, entityId, fields: ofTables.flat() };
  });
  const { texts, epoch } = await readFields(cache, tenantId, reads, isCheckDue);
  if (texts === undefined) return { texts, epoch };
  const windows = new Map<number, readonly (string | null)[]>();
  const rows = parts.map(({ entity: { planned, firstPlace }, from, to }, index) => {
    let next = 0;
    return planned.tables.slice(from, to).map((table, offset) => {
      const first = next;
      next += counts[index]?.[offset] ?? 0;
      const found = texts[index]?.slice(first, next) ?? [];
      if (!streams.has(table)) return found[0] ?? null;
      windows.set(firstPlace + from + offset, found);
      return null;
    });
  });
  return { texts: rows, epoch, windows };
}
