import pg from 'pg';
import { post, startBenchStores } from './support/bench-stores.ts';
import { createIngestLoad, secondsOf } from './support/ingest-load.ts';
import { median } from './support/load.ts';
import { type Figures, printReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';

/**
 * bench:ingest: rows of ten features through HTTP until the cache has them, against the bare insert of the same rows into
 * the view's table and `latest`, from arrays that were ready before the clock started. Both go to tables of their own on
 * the same durable Postgres, with as many requests in flight, and take turns. `BENCH_ROWS` (1000,5000) a request, `BENCH_BATCHES` (150) thousand rows a turn, `BENCH_ROUNDS` (3).
 */
const batches = Number(process.env.BENCH_BATCHES ?? 150);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const entities = 10_000;
const features = 10;
/** Of the server's pool of ten connections. With four the floor is higher (100 K rows/s) and the ratio 0.52 to 0.67. */
const inFlight = 8;
const rowSizes = (process.env.BENCH_ROWS ?? '1000,5000').split(',').map(Number);

interface Row {
  readonly entityId: string;
  readonly eventMillis: number;
  readonly values: readonly number[];
}

const names = Array.from({ length: features }, (_, index) => `f${index}`);
const columns = names.map((name) => `floor_${name}`).join(', ');
const tenant = 't_developmento';
const bareInsert = `
  WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], ${names.map((_, index) => `$${index + 4}::float8[]`).join(', ')})
      AS rows (entity_id, event_time, payload, ${columns})
  ), stored AS (
    INSERT INTO ${tenant}.floor_v1 (entity_id, event_time, created_at, revision, ${columns})
    SELECT entity_id, event_time, event_time, 1, ${columns} FROM given
  )
  INSERT INTO ${tenant}.latest AS latest (view_table, entity_id, event_time, created_at, payload)
  SELECT 'floor_v1', entity_id, event_time, event_time, payload FROM given
  ON CONFLICT (view_table, entity_id) DO UPDATE
    SET event_time = excluded.event_time, created_at = excluded.created_at, payload = excluded.payload`;

const stores = await startBenchStores();
const server = await startServer('functions/local.ts --no-seed', stores.env);
const load = createIngestLoad(server.url, inFlight);
const pool = new pg.Pool({
  connectionString: stores.postgres.url,
  max: inFlight,
  options: '-c role=feature_store_writer',
});
let clockMillis = Date.now() - 20 * 86_400_000;
try {
  for (const view of ['ours', 'floor']) {
    await post(server.url, '/api/v1/feature-views', {
      name: view,
      entity_type: 'bench_user',
      features: names.map((name) => ({ name: `${view}_${name}`, dtype: 'float64' })),
    });
    // The month's partition.
    await post(server.url, '/api/v1/features/ingest', { view, rows: toRequest(view, makeBatch(1)) });
  }
  const report: Record<string, Figures> = {};
  for (const rows of rowSizes) report[`${rows}x${features}`] = await measure(rows);
  printReport(report);
} finally {
  load.close();
  await pool.end();
  await server.stop();
  await stores.stop();
}

async function measure(rowsPerBatch: number): Promise<Figures> {
  const count = Math.max(8, Math.ceil((batches * 1000) / rowsPerBatch));
  await turns(count, rowsPerBatch);
  const results = [];
  for (let round = 0; round < rounds; round++) results.push(await turns(count, rowsPerBatch));
  const rowsPerSecond = median(results.map(({ ours }) => ours));
  const floor = median(results.map((result) => result.floor));
  return {
    rows_per_s: rowsPerSecond,
    features_per_s: rowsPerSecond * features,
    floor,
    ratio: median(results.map((result) => result.ours / result.floor)),
  };
}

/** The same rows once to the floor's table and once through HTTP, in rows a second. */
async function turns(count: number, rowsPerBatch: number): Promise<{ ours: number; floor: number }> {
  const made = Array.from({ length: count }, () => makeBatch(rowsPerBatch));
  const parameters = made.map(toParameters);
  const bodies = made.map((batch) => Buffer.from(JSON.stringify({ view: 'ours', rows: toRequest('ours', batch) })));
  const rows = count * rowsPerBatch;
  const floor = rows / (await secondsOf(parameters, inFlight, (values) => pool.query(bareInsert, values)));
  const ours = rows / (await secondsOf(bodies, inFlight, load.send));
  return { ours, floor };
}

/** Rows of distinct entities in random order, all later than any before: each becomes the newest of its entity. */
function makeBatch(rows: number): Row[] {
  clockMillis += 1;
  const first = Math.floor(Math.random() * entities);
  return Array.from({ length: rows }, (_, index) => ({
    entityId: `user_${(first + index * 7919) % entities}`,
    eventMillis: clockMillis,
    values: names.map(() => Math.round(Math.random() * 1e6) / 100),
  }));
}

function toRequest(view: string, batch: readonly Row[]): unknown[] {
  return batch.map(({ entityId, eventMillis, values }) => ({
    entity_id: entityId,
    event_time: new Date(eventMillis).toISOString(),
    values: Object.fromEntries(names.map((name, index) => [`${view}_${name}`, values[index]])),
  }));
}

function toParameters(batch: readonly Row[]): string[] {
  const sorted = [...batch].sort((a, b) => (a.entityId < b.entityId ? -1 : 1));
  const list = (of: (row: Row) => string | number): string => `{${sorted.map(of).join(',')}}`;
  const payload = ({ eventMillis, values }: Row): string =>
    `"[${eventMillis}000,${eventMillis}000,1,${values.join(',')}]"`;
  return [
    list(({ entityId }) => entityId),
    list(({ eventMillis }) => `"${new Date(eventMillis).toISOString()}"`),
    list(payload),
    ...names.map((_, index) => list(({ values }) => values[index] ?? 0)),
  ];
}
