import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { isLockTimeout, isStatementTimeout, UnavailableError } from '../platform/unavailable.ts';
import { type RegistrySnapshot, readRegistry } from '../registry/index.ts';
import { readTimescale, type Timescale } from '../values/index.ts';
import { ageTiles } from './age-tiles.ts';
import { maintainEvents } from './maintain-events.ts';
import { type Done, maintainTable, nothingDone } from './maintain-table.ts';
import { readNewest } from './read-newest.ts';
import { eventTablesOf, tileTablesOf } from './stream-tables.ts';
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
 * partitions once TimescaleDB is there; of stream sources events, ids and tiles as old as they may become; and measures
 * how old each view's newest data is. May be run at any time, twice at
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
  const kept = await inOrder(database, tenants);
  let done = nothingDone;
  let tables = 0;
  let postponed = 0;
  const failures: MaintenanceFailure[] = [];
  for (const table of kept) {
    if (clock.nowMicros() / 1000 >= deadlineMillis) break;
    tables++;
    try {
      await beginTurn(database, table);
      done = sum(done, await table.keep(dependencies, timescale));
    } catch (error) {
      if (isLockTimeout(error)) postponed++;
      // One table too large for a statement's time must not keep the others.
      else if (error instanceof UnavailableError && !isStatementTimeout(error)) throw error;
      else failures.push({ tenant: table.ctx.tenantName, table: table.table, error });
    }
  }
  return { ...done, tables, remaining: kept.length - tables, postponed, failures };
}

interface KeptTable {
  readonly ctx: TenantContext;
  readonly table: string;
  /** Does all that is due at it. */
  keep(dependencies: MaintenanceDependencies, timescale: Timescale): Promise<Done>;
}

/** All tables of a tenant that age. */
function keptTablesOf(ctx: TenantContext, snapshot: RegistrySnapshot): KeptTable[] {
  return [
    ...viewTablesOf(ctx, snapshot).map((viewTable) => ({
      ...{ ctx, table: viewTable.table },
      keep: async (dependencies: MaintenanceDependencies, timescale: Timescale) => {
        const { database, clock } = dependencies;
        const done = await maintainTable(database, viewTable, { nowMicros: clock.nowMicros(), timescale });
        await measure(dependencies, viewTable);
        return done;
      },
    })),
    ...eventTablesOf(ctx, snapshot).map((eventTable) => ({
      ...{ ctx, table: eventTable.table },
      keep: ({ database, clock }: MaintenanceDependencies, timescale: Timescale) =>
        maintainEvents(database, eventTable, { clock, timescale }),
    })),
    ...tileTablesOf(ctx, snapshot).map((tileTable) => ({
      ...{ ctx, table: tileTable.table },
      keep: async ({ database, clock }: MaintenanceDependencies) => ({
        ...nothingDone,
        tilesAged: await ageTiles(database, tileTable, clock),
      }),
    })),
  ];
}

/** Those maintained longest ago first. */
async function inOrder(database: Database, tenants: readonly TenantContext[]): Promise<KeptTable[]> {
  const found = await database.rows<{ key: string; micros: number }>({
    name: 'list_maintained',
    text: `SELECT tenant_id || '.' || view_table AS key, coalesce(extract(epoch FROM maintained_at) * 1000000, 0)::float8 AS micros
           FROM feature_store.maintained`,
  });
  const maintained = new Map(found.map(({ key, micros }) => [key, micros]));
  const kept: KeptTable[] = [];
  for (const ctx of tenants) kept.push(...keptTablesOf(ctx, await readRegistry(database, ctx)));
  const since = ({ ctx, table }: KeptTable): number => maintained.get(`${ctx.tenantId}.${table}`) ?? 0;
  return kept.sort((a, b) => since(a) - since(b));
}

/** Before anything is done, so that a table at which runs fail or end does not come first for ever. */
async function beginTurn(database: Database, { ctx, table }: KeptTable): Promise<void> {
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
    idsForgotten: a.idsForgotten + b.idsForgotten,
    tilesAged: a.tilesAged + b.tilesAged,
  };
}
