import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { isLockTimeout } from '../platform/unavailable.ts';

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
    const keys = [...missing.keys()].sort();
    for (let index = 0; index < keys.length; index += monthsAtOnce) {
      const some = keys.slice(index, index + monthsAtOnce);
      await retryLocked(() =>
        database.rows({
          name: 'ensure_partitions',
          text: 'SELECT feature_store.ensure_partitions($1, $2, $3::text[]::date[])::text',
          values: [tenantId, table, some.map((key) => missing.get(key))],
        }),
      );
      for (const key of some) known.add(key);
    }
  };
}

/**
 * Of one statement, which lets no other in: a partition takes 7 ms, so eight writers of other months each wait 0.6 s. With
 * 36 at once the last of them met the lock_timeout of 2 s, and rows of 670 months in one request the statement_timeout.
 */
const monthsAtOnce = 12;

/** Tries of a statement that did not get its lock within 2 s. */
const tries = 3;

async function retryLocked(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      if (attempt === tries || !isLockTimeout(error)) throw error;
    }
  }
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
