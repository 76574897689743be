import pg from 'pg';
import { post, startBenchStores } from './support/bench-stores.ts';
import { createIngestLoad, secondsOf } from './support/ingest-load.ts';
import { median } from './support/load.ts';
import { type Figures, printReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';

/**
 * bench:partitions: what it costs a write that a view's table is cut into a partition a month. The same rows go through HTTP to
 * a view as it is registered, to one whose table is a plain one with the same columns and indexes (`floor`), and to a plain
 * one without the index of ranges, in turns on one durable Postgres. `ratio` is of the first to the second, `index_ratio` of
 * the second to the third, each the median of turns side by side. `present`: rows of this month; `spread`: each request's
 * rows are of 36 months whose partitions are there; `made`: the first rows of a view, which make those 36, in
 * `partition_ms` each. `BENCH_ROWS` (1000,5000) a request, `BENCH_TURN_ROWS` (20000) a turn, `BENCH_TURNS` (15).
 */
const rowSizes = (process.env.BENCH_ROWS ?? '1000,5000').split(',').map(Number);
const turnRows = Number(process.env.BENCH_TURN_ROWS ?? 20_000);
const turns = Number(process.env.BENCH_TURNS ?? 15);
const entities = 10_000;
const months = 36;
/** Of the server's pool of ten connections. */
const inFlight = 8;
const names = Array.from({ length: 10 }, (_, index) => `f${index}`);
const tenant = 't_developmento';
const nowMillis = Date.now();
const thisMonthMillis = Date.UTC(new Date(nowMillis).getUTCFullYear(), new Date(nowMillis).getUTCMonth());

const kinds = ['partitioned', 'plain', 'unindexed'] as const;
type Kind = (typeof kinds)[number];
/** A view of each kind. */
type Sides = Readonly<Record<Kind, string>>;

interface Case {
  /** Event time of a row, milliseconds. */
  readonly eventMillis: () => number;
  /** Of this turn. */
  readonly sides: () => Promise<Sides>;
  readonly makesPartitions?: boolean;
}

const stores = await startBenchStores();
const server = await startServer('functions/local.ts --no-seed', stores.env);
const load = createIngestLoad(server.url, inFlight);
const pool = new pg.Pool({ connectionString: stores.postgres.url, max: 1, options: '-c role=feature_store_owner' });
let clockMillis = thisMonthMillis;
let registered = 0;
try {
  const report: Record<string, Figures> = {};
  for (const rows of rowSizes) {
    const present = await registerSides();
    const spread = await registerSides();
    const cases: Readonly<Record<string, Case>> = {
      present: { eventMillis: () => clockMillis, sides: async () => present },
      spread: { eventMillis: spreadMillis, sides: async () => spread },
      made: { eventMillis: spreadMillis, sides: registerSides, makesPartitions: true },
    };
    for (const [name, measured] of Object.entries(cases)) report[`${rows} ${name}`] = await measure(rows, measured);
  }
  printReport(report);
} finally {
  load.close();
  await pool.end();
  await server.stop();
  await stores.stop();
}

async function measure(
  rowsPerRequest: number,
  { eventMillis, sides, makesPartitions = false }: Case,
): Promise<Figures> {
  const requests = Math.max(inFlight, Math.ceil(turnRows / rowsPerRequest));
  const results: Record<Kind, number>[] = [];
  // After two turns that do not count.
  for (let turn = -2; turn < turns; turn++) {
    const views = await sides();
    const batches = Array.from({ length: requests }, () => makeRows(rowsPerRequest, eventMillis));
    const seconds = { partitioned: 0, plain: 0, unindexed: 0 };
    for (const kind of turn % 2 === 0 ? kinds : kinds.toReversed()) {
      const bodies = batches.map((rows) => Buffer.from(JSON.stringify({ view: views[kind], rows })));
      seconds[kind] = await secondsOf(bodies, inFlight, load.send);
    }
    if (turn >= 0) results.push(seconds);
  }
  const rows = requests * rowsPerRequest;
  return {
    rows_per_s: rows / median(results.map(({ partitioned }) => partitioned)),
    floor: rows / median(results.map(({ plain }) => plain)),
    ratio: median(results.map(({ partitioned, plain }) => plain / partitioned)),
    without_index: rows / median(results.map(({ unindexed }) => unindexed)),
    index_ratio: median(results.map(({ plain, unindexed }) => unindexed / plain)),
    ...(makesPartitions
      ? { partition_ms: (median(results.map(({ partitioned, plain }) => partitioned - plain)) * 1000) / months }
      : {}),
  };
}

/** Makes the tables of two of the views plain ones: all that the server does with them is the same. */
async function registerSides(): Promise<Sides> {
  registered++;
  const sides: Sides = {
    partitioned: `partitioned_${registered}`,
    plain: `plain_${registered}`,
    unindexed: `unindexed_${registered}`,
  };
  for (const view of Object.values(sides)) {
    const features = names.map((name) => ({ name, dtype: 'float64' }));
    await post(server.url, '/api/v1/feature-views', {
      name: view,
      entity_type: 'bench_user',
      features,
      retention_days: 0,
    });
  }
  for (const [view, like] of [
    [sides.plain, 'INCLUDING ALL'],
    [sides.unindexed, 'INCLUDING ALL EXCLUDING INDEXES'],
  ]) {
    const table = `${tenant}.${view}_v1`;
    await pool.query(`
      DROP TABLE ${table};
      CREATE TABLE ${table} (LIKE ${tenant}.${sides.partitioned}_v1 ${like});
      GRANT SELECT, INSERT ON ${table} TO feature_store_writer;
    `);
  }
  await pool.query(`ALTER TABLE ${tenant}.${sides.unindexed}_v1 ADD PRIMARY KEY (entity_id, event_time, created_at)`);
  return sides;
}

/** Of distinct entities in random order. */
function makeRows(count: number, eventMillis: () => number): unknown[] {
  clockMillis += 1;
  const first = Math.floor(Math.random() * entities);
  return Array.from({ length: count }, (_, index) => ({
    entity_id: `user_${(first + index * 7919) % entities}`,
    event_time: new Date(eventMillis()).toISOString(),
    values: Object.fromEntries(names.map((name) => [name, Math.round(Math.random() * 1e6) / 100])),
  }));
}

/** Anywhere in this month and the 35 before it. */
function spreadMillis(): number {
  const now = new Date(nowMillis);
  const from = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - (months - 1));
  return from + Math.floor(Math.random() * (nowMillis - from));
}
