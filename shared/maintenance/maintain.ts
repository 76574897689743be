import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { isLockTimeout, isStatementTimeout, UnavailableError } from '../platform/unavailable.ts';
import { readRegistry } from '../registry/index.ts';
import { readTimescale } from '../values/index.ts';
import { type Done, maintainTable, nothingDone } from './maintain-table.ts';
import { readNewest } from './read-newest.ts';
import { type ViewTable, viewTablesOf } from './view-tables.ts';

export interface MaintenanceDependencies {
  /** As the owner, past any proxy, its statements without a time-out of seconds. */
  readonly database: Database;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface MaintenanceReport extends Done {
  /** Looked at, whether or not there was anything to do. */
  readonly tables: number;
  /** Not reached before the deadline: the next run begins with them. */
  readonly remaining: number;
  /** Tables at which a lock was not had in time: the next run tries again. */
  readonly postponed: number;
  /** Tables at which a step failed; the others were maintained all the same, and the next run tries again. */
  readonly failures: readonly MaintenanceFailure[];
}

export interface MaintenanceFailure {
  readonly tenant: string;
  readonly table: string;
  readonly error: unknown;
}

/**
 * Keeps the tables of all tenants: partitions ahead of time, statistics, retention, compression, and chunks in place of
 * partitions once TimescaleDB is there; and measures how old each view's newest data is. May be run at any time, twice at
 * once, and ended anywhere: each step is a transaction that looks again at what there is to do. Tables maintained longest
 * ago come first. Throws UnavailableError where Postgres is away.
 */
export async function maintain(
  dependencies: MaintenanceDependencies,
  tenants: readonly TenantContext[],
  /** Epoch milliseconds after which no further table is begun. */
  deadlineMillis = Number.POSITIVE_INFINITY,
): Promise<MaintenanceReport> {
  const { database, clock } = dependencies;
  const timescale = await readTimescale(database);
  const viewTables = await inOrder(database, tenants);
  let done = nothingDone;
  let tables = 0;
  let postponed = 0;
  const failures: MaintenanceFailure[] = [];
  for (const viewTable of viewTables) {
    if (clock.nowMicros() / 1000 >= deadlineMillis) break;
    tables++;
    try {
      await beginTurn(database, viewTable);
      done = sum(done, await maintainTable(database, viewTable, { nowMicros: clock.nowMicros(), timescale }));
      await measure(dependencies, viewTable);
    } catch (error) {
      if (isLockTimeout(error)) postponed++;
      // One table too large for a statement's time must not keep the others.
      else if (error instanceof UnavailableError && !isStatementTimeout(error)) throw error;
      else failures.push({ tenant: viewTable.ctx.tenantName, table: viewTable.table, error });
    }
  }
  return { ...done, tables, remaining: viewTables.length - tables, postponed, failures };
}

/** Those maintained longest ago first. */
async function inOrder(database: Database, tenants: readonly TenantContext[]): Promise<ViewTable[]> {
  const found = await database.rows<{ key: string; micros: number }>({
    name: 'list_maintained',
    text: `SELECT tenant_id || '.' || view_table AS key, coalesce(extract(epoch FROM maintained_at) * 1000000, 0)::float8 AS micros
           FROM feature_store.maintained`,
  });
  const maintained = new Map(found.map(({ key, micros }) => [key, micros]));
  const viewTables: ViewTable[] = [];
  for (const ctx of tenants) viewTables.push(...viewTablesOf(ctx, await readRegistry(database, ctx)));
  const since = ({ ctx, table }: ViewTable): number => maintained.get(`${ctx.tenantId}.${table}`) ?? 0;
  return viewTables.sort((a, b) => since(a) - since(b));
}

/** Before anything is done, so that a table at which runs fail or end does not come first for ever. */
async function beginTurn(database: Database, { ctx, table }: ViewTable): Promise<void> {
  await database.rows({
    name: 'begin_maintenance',
    text: `
      INSERT INTO feature_store.maintained (tenant_id, view_table, maintained_at) VALUES ($1, $2, now())
      ON CONFLICT (tenant_id, view_table) DO UPDATE SET maintained_at = excluded.maintained_at`,
    values: [ctx.tenantId, table],
  });
}

/** Tells how old the newest data is. */
async function measure({ database, telemetry }: MaintenanceDependencies, viewTable: ViewTable): Promise<void> {
  const newestEventMicros = await readNewest(database, viewTable);
  const { ctx, view, isWritten, maxStalenessSeconds } = viewTable;
  if (isWritten) telemetry.viewMeasured(ctx, { view, newestEventMicros, maxStalenessSeconds });
}

function sum(a: Done, b: Done): Done {
  return {
    converted: a.converted + b.converted,
    partitionsMade: a.partitionsMade + b.partitionsMade,
    hours: a.hours + b.hours,
    dropped: a.dropped + b.dropped,
    carried: a.carried + b.carried,
    compressed: a.compressed + b.compressed,
  };
}
