import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';

/** Makes the monthly partitions that rows of these event times need, where they are missing. */
export type EnsurePartitions = (
  ctx: TenantContext,
  table: string,
  eventMicros: Iterable<number>,
  options?: { readonly forget?: boolean },
) => Promise<void>;

/**
 * Remembers per process which partitions exist, so that a write asks Postgres only for a month it has not met. `forget`
 * asks again, after an insert found its partition gone. Runs outside the writing transaction: its lock ends at once.
 */
export function createEnsurePartitions(database: Database): EnsurePartitions {
  const known = new Set<string>();
  return async ({ tenantId }, table, eventMicros, { forget = false } = {}) => {
    const missing = new Map<string, string>();
    let lastMonth = '';
    for (const micros of eventMicros) {
      const month = monthOf(micros);
      if (month === lastMonth) continue;
      lastMonth = month;
      const key = `${tenantId}.${table}.${month}`;
      if (forget || !known.has(key)) missing.set(key, month);
    }
    if (missing.size === 0) return;
    await database.rows({
      name: 'ensure_partitions',
      text: 'SELECT feature_store.ensure_partitions($1, $2, $3::text[]::date[])::text',
      values: [tenantId, table, [...missing.values()].sort()],
    });
    for (const key of missing.keys()) known.add(key);
  };
}

const microsPerDay = 86_400_000_000;
const monthOfDay = new Map<number, string>();

/** The first day of the month, `2026-01-01`. */
function monthOf(epochMicros: number): string {
  const day = Math.floor(epochMicros / microsPerDay);
  let month = monthOfDay.get(day);
  if (month === undefined) {
    month = `${new Date(day * 86_400_000).toISOString().slice(0, 7)}-01`;
    if (monthOfDay.size > 10_000) monthOfDay.clear();
    monthOfDay.set(day, month);
  }
  return month;
}
