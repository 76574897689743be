import { setImmediate } from 'node:timers/promises';
import { encodeAbsence, type OnlineCache } from '../cache/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { PlannedTable } from '../registry/index.ts';
import { parseStoredRow, readAsOf, readLatest, type StoredRow } from '../values/index.ts';

/** What the cache did not have: one entity of one table. */
export interface Miss {
  readonly entityType: string;
  readonly entityId: string;
  readonly table: PlannedTable;
}

export type ReadMisses = (
  ctx: TenantContext,
  misses: readonly Miss[],
  asOfMicros: number,
) => Promise<(StoredRow | undefined)[]>;

/**
 * Answers all misses of a request by one query of `latest` and writes them back, newest-wins, before the answer goes out:
 * nothing of ours runs after an answer. Misses of one key that come while it is being asked for, or written back, share that
 * query. Throws UnavailableError where Postgres does not answer.
 */
export function createReadMisses(dependencies: {
  readonly database: Database;
  readonly cache: OnlineCache;
  readonly clock: Clock;
}): ReadMisses {
  const { database, cache, clock } = dependencies;
  const underWay = new Map<string, Promise<string | null>>();

  /** One query for those that nobody is asking for yet. Fills `asked` with them. */
  const ask = (ctx: TenantContext, misses: readonly Miss[], asked: Map<Miss, string>): Promise<string | null>[] => {
    const keys: { table: string; entityId: string }[] = [];
    let query: Promise<(string | null)[]> | undefined;
    return misses.map((miss) => {
      const key = `${ctx.tenantId}\0${miss.table.table}\0${miss.entityId}`;
      const shared = underWay.get(key);
      if (shared !== undefined) return shared;
      const place = keys.push({ table: miss.table.table, entityId: miss.entityId }) - 1;
      asked.set(miss, key);
      // All keys are gathered before the query starts, in the microtask after this loop.
      query ??= Promise.resolve().then(() => readLatest(database, ctx, keys));
      const answer = query.then((payloads) => payloads[place] ?? null);
      underWay.set(key, answer);
      return answer;
    });
  };

  /**
   * Those who read the cache before the answer stood there have come when all that has arrived by now is handled. Waited for, so
   * that whoever reads after this answer shares nothing with it.
   */
  const release = async (asked: ReadonlyMap<Miss, string>): Promise<void> => {
    if (asked.size === 0) return;
    await setImmediate();
    for (const key of asked.values()) underWay.delete(key);
  };

  return async (ctx, misses, asOfMicros) => {
    const asked = new Map<Miss, string>();
    const answers = ask(ctx, misses, asked);
    let rows: (StoredRow | undefined)[];
    try {
      const payloads = await Promise.all(answers);
      rows = payloads.map((payload) => (payload === null ? undefined : parseStoredRow(payload)));
      await writeBack(cache, clock, ctx, misses, payloads, rows, asked, asOfMicros);
    } finally {
      await release(asked);
    }
    return replaceComing(database, ctx, misses, rows, asOfMicros);
  };
}

async function writeBack(
  cache: OnlineCache,
  clock: Clock,
  { tenantId }: TenantContext,
  misses: readonly Miss[],
  payloads: readonly (string | null)[],
  rows: readonly (StoredRow | undefined)[],
  own: ReadonlyMap<Miss, string>,
  asOfMicros: number,
): Promise<void> {
  const entries = misses.flatMap((miss, index) => {
    const row = rows[index];
    // Whoever asked writes it back, once. A row still to come stays out: the answer is an older one.
    if (!own.has(miss) || (row !== undefined && row.eventMicros > asOfMicros)) return [];
    const stored = payloads[index] ?? encodeAbsence(clock.nowMicros());
    return [{ tenantId, entityType: miss.entityType, entityId: miss.entityId, field: miss.table.table, stored }];
  });
  if (entries.length === 0) return;
  try {
    await cache.writeNewest(entries);
  } catch (error) {
    // The answer is right without the cache; its absence shows in the miss counter and at /health/ready.
    if (!(error instanceof UnavailableError)) throw error;
  }
}

/** Where the newest row is still to come (up to a minute ahead is accepted), the newest that has happened is asked for. */
async function replaceComing(
  database: Database,
  ctx: TenantContext,
  misses: readonly Miss[],
  rows: readonly (StoredRow | undefined)[],
  asOfMicros: number,
): Promise<(StoredRow | undefined)[]> {
  const answered = [...rows];
  const coming = new Map<PlannedTable, number[]>();
  for (const [index, row] of rows.entries()) {
    const miss = misses[index];
    if (miss === undefined || row === undefined || row.eventMicros <= asOfMicros) continue;
    const others = coming.get(miss.table);
    if (others === undefined) coming.set(miss.table, [index]);
    else others.push(index);
  }
  for (const [{ table, features }, indexes] of coming) {
    const entityIds = indexes.map((index) => misses[index]?.entityId ?? '');
    const spine = { entityIds, asOfMicros: indexes.map(() => asOfMicros) };
    const found = await readAsOf(database, ctx, { table, features, spine });
    for (const [place, index] of indexes.entries()) answered[index] = found[place];
  }
  return answered;
}
