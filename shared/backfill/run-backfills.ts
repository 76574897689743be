import type { OnlineCache } from '../cache/index.ts';
import { closeEpoch, ensureKeyIndex, rawTable, readBackfills } from '../events/index.ts';
import { undoFilling } from '../ingestion/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { isLockTimeout, isStatementTimeout, UnavailableError } from '../platform/unavailable.ts';
import { type RegistrySnapshot, readRegistry, type ViewVersion } from '../registry/index.ts';
import { type StreamPlan, streamPlanOf } from '../tiles/index.ts';
import { deleteProjections, viewTableName } from '../values/index.ts';
import { backfillPart } from './backfill-part.ts';

export interface BackfillDependencies {
  /** As the owner, past any proxy, its statements without a time-out. */
  readonly database: Database;
  readonly cache: OnlineCache;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Publishes a tenant's registry where it is not yet: whom the line refuses must find the view there. */
  readonly republish: (ctx: TenantContext) => Promise<unknown>;
}

export interface BackfillReport {
  /** Raw events looked at. */
  readonly events: number;
  readonly finished: number;
  /** Not at their end before the deadline, or waiting for a lock or another run: the next run goes on. */
  readonly remaining: number;
  readonly failures: readonly { readonly tenant: string; readonly table: string; readonly error: unknown }[];
}

/** Of each backfill before the next has its turn, in milliseconds: a large one does not keep a small one waiting. */
const turnMillis = 20_000;

/**
 * Counts in each new stream view what its source had before it, oldest registration first. May be run at any time, twice at
 * once, and ended anywhere. One that fails does not keep the others. Throws UnavailableError where Postgres is away.
 */
export async function runBackfills(
  dependencies: BackfillDependencies,
  tenants: readonly TenantContext[],
  /** Epoch milliseconds after which no further part is begun. */
  deadlineMillis = Number.POSITIVE_INFINITY,
): Promise<BackfillReport> {
  let unfinished = await findUnfinished(dependencies.database, tenants);
  const failures: { tenant: string; table: string; error: unknown }[] = [];
  let events = 0;
  let finished = 0;
  let postponed = 0;
  while (unfinished.length > 0 && !isLate(dependencies, deadlineMillis)) {
    const later: Unfinished[] = [];
    for (const backfill of unfinished) {
      const untilMillis = Math.min(deadlineMillis, nowMillis(dependencies) + turnMillis);
      try {
        const turn = await takeTurn(dependencies, backfill, untilMillis);
        events += turn.events;
        if (turn.end === 'done') finished++;
        else if (turn.end === 'late') later.push(backfill);
        else postponed++;
      } catch (error) {
        if (isLockTimeout(error)) postponed++;
        else if (error instanceof UnavailableError && !isStatementTimeout(error)) throw error;
        else failures.push({ tenant: backfill.ctx.tenantName, table: backfill.table, error });
      }
    }
    unfinished = later;
  }
  return { events, finished, remaining: unfinished.length + postponed, failures };
}

interface Unfinished {
  readonly ctx: TenantContext;
  readonly table: string;
}

async function findUnfinished(database: Database, tenants: readonly TenantContext[]): Promise<Unfinished[]> {
  const found = await database.rows<{ tenantId: string; table: string }>({
    name: 'find_backfills',
    text: `
      SELECT tenant_id AS "tenantId", view_table AS "table"
      FROM feature_store.backfills WHERE status <> 'done' ORDER BY created_at, tenant_id, view_table`,
  });
  const byId = new Map(tenants.map((ctx) => [ctx.tenantId, ctx]));
  return found.flatMap(({ tenantId, table }) => {
    const ctx = byId.get(tenantId);
    return ctx === undefined ? [] : [{ ctx, table }];
  });
}

interface Turn {
  readonly events: number;
  readonly end: 'done' | 'late' | 'postponed';
}

async function takeTurn(
  dependencies: BackfillDependencies,
  { ctx, table }: Unfinished,
  untilMillis: number,
): Promise<Turn> {
  const { database } = dependencies;
  await dependencies.republish(ctx);
  const { version, plan } = planOf(await readRegistry(database, ctx), table);
  if ((await closeEpoch(database, ctx, version)) === 'done') return { events: 0, end: 'done' };
  if (!(await ensureKeyIndex(database, ctx, plan.source.name, plan.entityKey))) return { events: 0, end: 'postponed' };
  await countOnce(database, ctx, plan);
  let events = 0;
  while (!isLate(dependencies, untilMillis)) {
    const part = await backfillPart(database, ctx, plan);
    events += part.events;
    await refresh(dependencies, ctx, plan, part.pending);
    if (part.isOver) return said(dependencies, ctx, plan, { events, end: 'done' });
  }
  return said(dependencies, ctx, plan, { events, end: 'late' });
}

/** Says how far a backfill is, once in its turn. */
async function said(
  { database, logger }: BackfillDependencies,
  ctx: TenantContext,
  { table }: StreamPlan,
  turn: Turn,
): Promise<Turn> {
  const [backfill] = await readBackfills(database, ctx, [table]);
  const { status, eventsDone, eventsTotal } = backfill ?? {};
  const progress = { status, events_done: eventsDone, events_total: eventsTotal };
  logger.info({ tenant: ctx.tenantName, table, events: turn.events, ...progress }, 'backfilling');
  return turn;
}

function planOf({ views, sources }: RegistrySnapshot, table: string): { version: ViewVersion; plan: StreamPlan } {
  const version = views.flatMap(({ versions }) => versions).find((each) => each.table === table);
  const source = sources.find(({ name }) => name === version?.stream?.source);
  if (version === undefined || source === undefined) throw new Error(`no view has the table ${table}`);
  return { version, plan: streamPlanOf(version, source) };
}

/** What there is to do, for people: 0.1 s a million. */
async function countOnce(
  database: Database,
  { tenantId }: TenantContext,
  { table, source }: StreamPlan,
): Promise<void> {
  await database.rows({
    name: 'count_older_events',
    text: `
      UPDATE feature_store.backfills AS backfill
      SET events_total = (SELECT count(*) FROM ${viewTableName(tenantId, rawTable(source.name))} WHERE _epoch < backfill.epoch)
      WHERE tenant_id = $1 AND view_table = $2 AND events_total IS NULL`,
    values: [tenantId, table],
  });
}

/** Has the next reads of the entities ask Postgres. Where the cache is away the mark stays, and the sweep sees to it. */
async function refresh(
  { database, cache }: BackfillDependencies,
  { tenantId }: TenantContext,
  { entityType, table }: StreamPlan,
  pending: { readonly id: string; readonly entityIds: readonly string[] } | null,
): Promise<void> {
  if (pending === null) return;
  try {
    await undoFilling(cache, { tenantId, entityType, table, entityIds: pending.entityIds });
    await deleteProjections(database, [pending.id]);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
  }
}

function nowMillis({ clock }: BackfillDependencies): number {
  return clock.nowMicros() / 1000;
}

function isLate(dependencies: BackfillDependencies, deadlineMillis: number): boolean {
  return nowMillis(dependencies) >= deadlineMillis;
}
