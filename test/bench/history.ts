import { Agent, request } from 'node:http';
import pg from 'pg';
import { benchKey, post, startBenchStores } from './support/bench-stores.ts';
import { median } from './support/load.ts';
import { type Figures, printReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';

/**
 * bench:history: what age costs. Two views of one shape, with as many rows a month of the same entities: `young` of 3 months
 * and `old` of 5 years, a partition a month. Each case asks both as of moments within their history through HTTP, one
 * request at a time and in turns; `ms` is the median of the old one, `floor` that of the young one, `ratio` of the first to the second.
 * `clustered`: all moments within 30 days; `spread`: at any time; `unknown`: entities that were never written. The cases `latest`
 * ask, of the old one alone, for entities last written 4 years ago against others written today (`floor`), online without the
 * cache having them and by 100 as of now. `BENCH_ROUNDS` (1, at most 4) is so many times as many requests.
 */
const rounds = Number(process.env.BENCH_ROUNDS ?? 1);
/** Turns of each case that do not count. */
const warmUps = 5;
const entities = 2000;
const rowsPerMonth = 10_000;
const names = Array.from({ length: 10 }, (_, index) => `f${index}`);
const tenant = 't_developmento';
const dayMillis = 86_400_000;
const nowMillis = Date.now();

/** How many calendar months, this one among them. */
const months = { young: 3, old: 60 };
type View = keyof typeof months;

interface Place {
  readonly entity_id: string;
  readonly timestamp: number;
}

/** What a request asks of a view; `clustered` all within one month. */
const spines: Readonly<Record<string, (view: View, places: number) => Place[]>> = {
  clustered: (view, places) => {
    const first = startOf(months[view] - 1) + Math.random() * (nowMillis - 30 * dayMillis - startOf(months[view] - 1));
    return spineOf(places, 'user', () => first + Math.random() * 30 * dayMillis);
  },
  spread: (view, places) => spineOf(places, 'user', anyTimeOf(view)),
  unknown: (view, places) => spineOf(places, 'nobody', anyTimeOf(view)),
};

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const stores = await startBenchStores();
const server = await startServer('functions/local.ts --no-seed', stores.env);
const pool = new pg.Pool({ connectionString: stores.postgres.url, max: 1 });
try {
  for (const view of ['young', 'old'] as const) await load(view);
  await pool.query('VACUUM ANALYZE');
  const report: Record<string, Figures> = {};
  for (const places of [100, 1000, 10_000]) {
    const requests = rounds * Math.max(15, 20_000 / places);
    for (const [kind, spine] of Object.entries(spines)) {
      const ask = (view: View) => () => send('batch', batchBody(view, spine(view, places)));
      report[`${places} ${kind}`] = await inTurns(requests, ask('young'), ask('old'));
    }
  }
  const online = (written: string) => (turn: number) => send('online', onlineBody(`${written}_${turn}`));
  report['latest online'] = await inTurns(rounds * 400, online('today'), online('long_ago'));
  const now = (): number => nowMillis;
  const batch = (written: string) => () => send('batch', batchBody('old', spineOf(100, written, now)));
  report['latest batch'] = await inTurns(rounds * 200, batch('today'), batch('long_ago'));
  printReport(report);
} finally {
  agent.destroy();
  await pool.end();
  await server.stop();
  await stores.stop();
}

/** Registers through HTTP, and writes by SQL what ingestion would have: 600,000 rows take it 15 s. */
async function load(view: View): Promise<void> {
  await post(server.url, '/api/v1/feature-views', {
    name: view,
    entity_type: 'bench_user',
    features: names.map((name) => ({ name, dtype: 'float64' })),
    retention_days: 0,
  });
  const table = `${view}_v1`;
  const write = (entity: string, rows: number, fromMillis: number, toMillis: number) =>
    pool.query(
      `INSERT INTO ${tenant}.${table} (entity_id, event_time, created_at, revision, ${names.join(', ')})
        SELECT entity_id, event_time, event_time, 1, ${names.map(() => 'round((random() * 1e6)::numeric) / 100').join(', ')}
        FROM (
          SELECT $1 || '_' || n % $3::int AS entity_id, $4::timestamptz + random() * ($5::timestamptz - $4) AS event_time
          FROM generate_series(1, $2::int) AS n
        ) AS given ORDER BY event_time`,
      [entity, rows, entities, new Date(fromMillis), new Date(toMillis)],
    );
  for (let ago = months[view] - 1; ago >= 0; ago--) {
    await pool.query('SELECT feature_store.ensure_partitions($1, $2, ARRAY[$3::date])', [
      tenant,
      table,
      new Date(startOf(ago)).toISOString(),
    ]);
    await write('user', rowsPerMonth, startOf(ago), Math.min(startOf(ago - 1), nowMillis));
  }
  if (view === 'old') {
    await write('long_ago', entities, startOf(48), startOf(47));
    await write('today', entities, Math.max(startOf(0), nowMillis - dayMillis), nowMillis);
  }
  await pool.query(
    `INSERT INTO ${tenant}.latest (view_table, entity_id, event_time, created_at, payload)
      SELECT DISTINCT ON (entity_id) $1, entity_id, event_time, created_at, '[' || concat_ws(
        ',', (extract(epoch FROM event_time) * 1000000)::bigint, (extract(epoch FROM created_at) * 1000000)::bigint,
        revision, ${names.join(', ')}) || ']'
      FROM ${tenant}.${table} ORDER BY entity_id, event_time DESC`,
    [table],
  );
}

/** Of the month that began so many months ago. */
function startOf(ago: number): number {
  const now = new Date(nowMillis);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago);
}

function anyTimeOf(view: View): () => number {
  const first = startOf(months[view] - 1);
  return () => first + Math.random() * (nowMillis - first);
}

function spineOf(places: number, entity: string, timeMillis: () => number): Place[] {
  return Array.from({ length: places }, () => ({
    entity_id: `${entity}_${Math.floor(Math.random() * entities)}`,
    timestamp: Math.floor(timeMillis()),
  }));
}

function batchBody(view: View, entity_rows: readonly Place[]): unknown {
  return { entity_rows, feature_names: names.map((name) => `${view}:${name}`) };
}

function onlineBody(entity_id: string): unknown {
  return { entity_id, feature_names: names.map((name) => `old:${name}`) };
}

/** Compares the medians of so many turns. */
async function inTurns(
  turns: number,
  askFloor: (turn: number) => Promise<number>,
  askOurs: (turn: number) => Promise<number>,
): Promise<Figures> {
  const floors: number[] = [];
  const ours: number[] = [];
  for (let turn = 0; turn < warmUps + turns; turn++) {
    floors.push(await askFloor(turn));
    ours.push(await askOurs(turn));
  }
  const [ms, floor] = [median(ours.slice(warmUps)), median(floors.slice(warmUps))];
  return { ms, floor, ratio: ms / floor };
}

/** Milliseconds from the first byte sent to the last that came. */
function send(path: 'online' | 'batch', body: unknown): Promise<number> {
  const bytes = Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const sent = request(`${server.url}/api/v1/features/${path}`, {
      agent,
      method: 'POST',
      headers: { ...benchKey, 'content-type': 'application/json', 'content-length': bytes.length },
    });
    sent.on('error', reject).on('response', (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedAt);
        else reject(new Error(`${path} answered ${response.statusCode}`));
      });
    });
    sent.end(bytes);
  });
}
