import { formatMicros } from '../../../shared/contract/time.ts';
import { type MaintenanceReport, maintain } from '../../../shared/maintenance/index.ts';
import type { Clock } from '../../../shared/platform/clock.ts';
import type { Database, Queryable } from '../../../shared/platform/database.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import type { TestFeatureStore, TestTenant } from '../../support/feature-store.ts';
import { hour, start, type World } from '../semantics/semantics-setup.ts';

export const day = 86_400_000_000;

/** Runs the maintenance job for one tenant, the world's as a rule, at the time that the test has set. Fails where a table failed. */
export async function maintainNow(
  { store, clock }: Pick<World, 'store'> & { readonly clock: Clock },
  { database = store.databases.owner, tenant = store.tenant }: { database?: Database; tenant?: TestTenant } = {},
): Promise<MaintenanceReport> {
  const report = await maintain({ database, clock, telemetry: silentTelemetry }, [tenant.ctx]);
  const [failure] = report.failures;
  if (failure !== undefined) throw failure.error;
  return report;
}

export interface TableState {
  readonly relations: readonly { readonly name: string }[];
  readonly rows: readonly unknown[];
  readonly latest: readonly unknown[];
  readonly carried: readonly unknown[];
  /** By group of features. */
  readonly statistics: readonly (readonly unknown[])[];
  readonly changedHours: readonly unknown[];
  readonly chunks: readonly ChunkState[];
}

/** What a table holds and how it is cut: what two ways of getting there are compared by. */
export async function stateOf(
  { store }: { readonly store: TestFeatureStore },
  view: string,
  { ctx: { tenantId } }: TestTenant = store.tenant,
): Promise<TableState> {
  const { admin } = store.databases;
  const table = `${view}_v1`;
  const json = async (from: string, order: string): Promise<unknown[]> => {
    const text = `SELECT coalesce(jsonb_agg(to_jsonb(stored) - 'recorded_at' ORDER BY ${order}), '[]')::text AS found FROM ${from} AS stored`;
    const [row] = await admin.rows<{ found: string }>({ name: 'state', text });
    return JSON.parse(row?.found ?? '');
  };
  const ofTable = (name: string): string => `(SELECT * FROM ${tenantId}.${name} WHERE view_table = '${table}')`;
  const relations = await admin.rows<{ name: string }>({
    name: 'relations',
    text: `SELECT relname || ' ' || relkind::text AS name FROM pg_class
           WHERE relnamespace = '${tenantId}'::regnamespace AND relname LIKE '${table}%' AND relkind IN ('r', 'p', 'v') ORDER BY 1`,
  });
  const statistics = relations.filter(({ name }) => /_h\d+_\d+ /.test(name)).map(({ name }) => name.split(' ')[0]);
  return {
    relations,
    rows: await json(`${tenantId}.${table}`, 'entity_id, event_time, created_at'),
    latest: await json(ofTable('latest'), 'entity_id'),
    carried: await json(
      `(SELECT view_table, entity_id, event_time, created_at, stored - 'recorded_at' AS stored FROM ${tenantId}.carried WHERE view_table = '${table}')`,
      'entity_id',
    ),
    statistics: await Promise.all(statistics.map((name) => json(`${tenantId}.${name}`, 'hour'))),
    changedHours: await json(
      `(SELECT hour FROM feature_store.changed_hours WHERE tenant_id = '${tenantId}' AND view_table = '${table}')`,
      'hour',
    ),
    chunks: await chunksOf(admin, tenantId, table),
  };
}

export interface ChunkState {
  readonly from: string;
  readonly to: string;
  /** 1 compressed, 9 compressed with rows that came after. */
  readonly status: number;
  readonly segmented: boolean;
}

/** The chunks of a hypertable, oldest first; none of a native table. */
export async function chunksOf(query: Queryable, tenantId: string, table: string): Promise<ChunkState[]> {
  const [timescale] = await query.rows({
    name: 'timescale',
    text: `SELECT FROM pg_extension WHERE extname = 'timescaledb'`,
  });
  if (timescale === undefined) return [];
  return query.rows({
    name: 'chunks',
    text: `
      SELECT range_start::text AS from, range_end::text AS to, chunk.status::int4 AS status,
        coalesce((SELECT cardinality(segmentby) > 0 FROM _timescaledb_catalog.compression_settings
          WHERE relid = format('%I.%I', chunk_schema, chunk_name)::regclass), false) AS segmented
      FROM timescaledb_information.chunks
      JOIN _timescaledb_catalog.chunk AS chunk ON schema_name = chunk_schema AND table_name = chunk_name
      WHERE hypertable_schema = '${tenantId}' AND hypertable_name = '${table}' ORDER BY range_start`,
  });
}

/** A clock that tests set, at which each request arrives a microsecond after the one before. */
export function createForwardClock(): Clock & { set(micros: number): void } {
  let now = start;
  return { set: (micros) => (now = micros), nowMicros: () => now, arrivalMicros: () => ++now };
}

/** The view of writeHistory. */
export const view = 'history';

/**
 * A tenant of its own with rows over half a year, some late, some with nulls, some beyond retention by the end, and a
 * feature that was added. Leaves the clock at the end of it.
 */
export async function writeHistory(
  store: TestFeatureStore,
  clock: ReturnType<typeof createForwardClock>,
): Promise<TestTenant> {
  const tenant = await store.createTenant();
  const post = async (path: string, body: unknown): Promise<void> => {
    const { status, text } = await store.post(path, body, { key: tenant.key });
    if (status >= 300) throw new Error(text);
  };
  const register = (names: readonly string[]): Promise<void> =>
    post('/api/v1/feature-views', {
      name: view,
      entity_type: 'user',
      retention_days: 90,
      features: names.map((name) => ({ name, dtype: name === 's' ? 'string' : 'int64' })),
    });
  const write = (at: number, rows: Readonly<Record<string, [micros: number, values: object]>>): Promise<void> => {
    clock.set(at);
    const sent = Object.entries(rows).map(([entity_id, [micros, values]]) => ({
      entity_id,
      event_time: formatMicros(micros),
      values,
    }));
    return post('/api/v1/features/ingest', { view, rows: sent });
  };
  clock.set(start);
  await register(['a', 's']);
  for (const month of [0, 1, 4, 6]) {
    const at = start + month * 30 * day;
    await write(at, {
      u: [at, { a: month, s: 'x' }],
      v: [at - hour, { a: -month, s: null }],
      late: [at - 20 * day, { a: 5 }],
    });
  }
  await register(['a', 's', 'b']);
  await write(start + 190 * day, { u: [start + 190 * day, { a: 7, s: 'y', b: 1 }] });
  return tenant;
}

/** What ends a run in the middle. */
export class Ended extends Error {}

/** A database whose process is ended at a statement: neither it nor what follows is done, and its transaction rolls back. */
export function endingAt(
  database: Database,
  statement: number,
): { readonly database: Database; readonly count: () => number } {
  let count = 0;
  const step = (): void => {
    count++;
    if (count >= statement) throw new Ended(`ended at statement ${statement}`);
  };
  const ending = (query: Queryable): Queryable => ({
    rows: async (asked) => {
      step();
      return query.rows(asked);
    },
    arrays: async (asked) => {
      step();
      return query.arrays(asked);
    },
    script: async (text) => {
      step();
      return query.script(text);
    },
  });
  return {
    count: () => count,
    database: {
      ...ending(database),
      transaction: (work) =>
        database.transaction(async (transaction) => {
          const result = await work(ending(transaction));
          // Also between the last statement and the commit.
          step();
          return result;
        }),
      close: () => database.close(),
    },
  };
}

/** The state of writeHistory's table without what differs from run to run by nature: when a row came. */
export async function comparableState(store: TestFeatureStore, tenant: TestTenant, of = view): Promise<unknown> {
  const text = JSON.stringify(await stateOf({ store }, of, tenant));
  return JSON.parse(text.replaceAll(/"created_at":"[^"]*"/g, '"created_at":""').replaceAll(/,1\d{15},/g, ',,'));
}
