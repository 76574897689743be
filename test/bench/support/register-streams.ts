import pg from 'pg';
import { post, type startBenchStores } from './bench-stores.ts';
import { startServer } from './server-process.ts';
import { transactionSource, transactionViews } from './stream-events.ts';

type BenchStores = Awaited<ReturnType<typeof startBenchStores>>;

/**
 * The source, its views, and a view of rows for each case with so many features; and the tables of the floors. By the local server, which migrates the stores too, and has ended when anything is
 * measured.
 */
export async function registerStreams(stores: BenchStores, rowCases: Readonly<Record<string, number>>): Promise<void> {
  const server = await startServer('functions/local.ts --no-seed', stores.env);
  try {
    await post(server.url, '/api/v1/stream-sources', transactionSource);
    for (const view of transactionViews) await post(server.url, '/api/v1/feature-views', view);
    for (const [name, count] of Object.entries(rowCases)) {
      const features = Array.from({ length: count }, (_, index) => ({ name: `${name}_f${index}`, dtype: 'float64' }));
      await post(server.url, '/api/v1/feature-views', { name, entity_type: 'bench_user', features });
    }
  } finally {
    await server.stop();
  }
  const client = new pg.Client({ connectionString: stores.postgres.url });
  await client.connect();
  await client.query(`
    CREATE TABLE floor_events (event_id uuid PRIMARY KEY, event_time timestamptz, created_at timestamptz, user_id text, merchant text, amount float8);
    ${Object.entries(rowCases)
      .map(([name, count]) => floorTable(name, count))
      .join('\n')}
    GRANT INSERT, SELECT ON ALL TABLES IN SCHEMA public TO feature_store_writer;`);
  await client.end();
}

function floorTable(name: string, count: number): string {
  const columns = Array.from({ length: count }, (_, index) => `, ${name}_f${index} float8`).join('');
  return `CREATE TABLE floor_${name} (entity_id text COLLATE "C", event_time timestamptz, created_at timestamptz${columns},
    PRIMARY KEY (entity_id, event_time, created_at));`;
}
