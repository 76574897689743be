import { setImmediate } from 'node:timers/promises';
import { encodeAbsence, type OnlineCache } from '../cache/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { PlannedTable } from '../registry/index.ts';
import { parseStoredRow, readAsOf, readLatest, type StoredRow } from '../values/index.ts';
import { createGatherBatches } from './gather-batches.ts';

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
 * nothing of ours runs after an answer. Requests that miss at the same time share a query (gather-batches.ts), and of one key that
 * is being asked for or written back also its answer. Throws UnavailableError where Postgres does not answer.
 */
export function createReadMisses(dependencies: MissStores): ReadMisses {
  const underWay = new Map<string, Promise<StoredRow | undefined>>();
  const gather = createGatherBatches<AskedMiss>((ctx, asked) => answerBatch(dependencies, underWay, ctx, asked));

  return async (ctx, misses, asOfMicros) => {
    const asked: AskedMiss[] = [];
    const answers = misses.map((miss) => {
      const key = `${ctx.tenantId}\0${miss.table.table}\0${miss.entityId}`;
      const shared = underWay.get(key);
      if (shared !== undefined) return shared;
      const { promise, resolve, reject } = Promise.withResolvers<StoredRow | undefined>();
      asked.push({ miss, key, resolve, reject });
      underWay.set(key, promise);
      return promise;
    });
    if (asked.length > 0) gather(ctx, asked);
    return replaceComing(dependencies.database, ctx, misses, await Promise.all(answers), asOfMicros);
  };
}

interface MissStores {
  readonly database: Database;
  readonly cache: OnlineCache;
  readonly clock: Clock;
}

interface AskedMiss {
  readonly miss: Miss;
  readonly key: string;
  readonly resolve: (row: StoredRow | undefined) => void;
  readonly reject: (error: unknown) => void;
}

async function answerBatch(
  { database, cache, clock }: MissStores,
  underWay: Map<string, unknown>,
  ctx: TenantContext,
  asked: readonly AskedMiss[],
): Promise<void> {
  let answer: (each: AskedMiss, place: number) => void;
  try {
    const keys = asked.map(({ miss }) => ({ table: miss.table.table, entityId: miss.entityId }));
    const payloads = await readLatest(database, ctx, keys);
    const rows = payloads.map((payload) => (payload === null ? undefined : parseStoredRow(payload)));
    await writeBack(cache, clock.nowMicros(), ctx, asked, payloads, rows);
    answer = ({ resolve }, place) => resolve(rows[place]);
  } catch (error) {
    answer = ({ reject }) => reject(error);
  }
  // Those who read the cache before the answer stood there have come when all that has arrived by now is handled. Waited for, so
  // that whoever reads after this answer shares nothing with it.
  await setImmediate();
  for (const { key } of asked) underWay.delete(key);
  asked.forEach(answer);
}

async function writeBack(
  cache: OnlineCache,
  nowMicros: number,
  { tenantId }: TenantContext,
  asked: readonly AskedMiss[],
  payloads: readonly (string | null)[],
  rows: readonly (StoredRow | undefined)[],
): Promise<void> {
  const entries = asked.flatMap(({ miss: { entityType, entityId, table } }, place) => {
    const row = rows[place];
    // A row still to come stays out: the answer is an older one.
    if (row !== undefined && row.eventMicros > nowMicros) return [];
    return [
      { tenantId, entityType, entityId, field: table.table, stored: payloads[place] ?? encodeAbsence(nowMicros) },
    ];
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
