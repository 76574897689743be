import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  entities,
  fromMillis,
  type HourOfVisits,
  hourMillis,
  monthsOfRows,
  rowAt,
  rowCount,
  statisticsOfRows,
  toMillis,
  valuesAsOf,
} from './backfill-rows.ts';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';

const view = 'backfill';
const table = `t_developmento.${view}_v1`;
const names = [`${view}:amount`, `${view}:visits`];
const rowsPerRequest = 5000;
const writers = 4;

let stores: RealStores;
let one: LocalProcess;
let other: LocalProcess;
let postgres: pg.Client;
beforeAll(async () => {
  stores = await startStores();
  one = await startLocal(stores.settings, { args: ['--no-seed'] });
  postgres = new pg.Client({ connectionString: stores.postgres.url });
  await postgres.connect();
  const features = [
    { name: 'amount', dtype: 'float64' },
    { name: 'visits', dtype: 'int64' },
  ];
  const registered = { name: view, entity_type: 'user', features, retention_days: 0 };
  expect((await one.post('/api/v1/feature-views', registered)).status).toBe(201);
});
afterAll(async () => {
  await postgres?.end();
  await Promise.all([one?.stop(), other?.stop()]);
  await stores?.stop();
});

test('four writers at once are refused nothing, while the first request of each needs all months', async () => {
  await write({ from: 0, to: rowCount / 2 }, [one]);
});

test('nor are they by two processes of which one maintains the view', async () => {
  // Its job begins as it starts.
  other = await startLocal(stores.settings, { args: ['--no-seed'] });
  await Promise.all([
    write({ from: rowCount / 2, to: rowCount }, [one, other]),
    until('the statistics have the first half', 150_000, async () => countOf(await readStatistics()) >= rowCount / 2),
  ]);
});

test('every row is stored once, with its values, and each month has its partition', async () => {
  const stored = await postgres.query(
    `SELECT count(*)::int4, sum(visits)::float8 AS visits, sum(amount) AS amount FROM ${table}`,
  );
  const visits = (rowCount * (rowCount - 1)) / 2;
  expect(stored.rows).toEqual([{ count: rowCount, visits, amount: visits / 4 }]);
  const partitions = await postgres.query<{ month: string }>(
    `SELECT right(relname, 6) AS month FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = '${table}'::regclass ORDER BY 1`,
  );
  const months = monthsOfRows();
  const last = months.at(-1) ?? '';
  // The job makes the next month's too.
  expect(partitions.rows.map(({ month }) => month).filter((month) => month <= last)).toEqual(months);
});

test('entities read online are at their newest rows, in the cache and in Postgres', async () => {
  const entity_ids = Array.from({ length: 200 }, (_, index) => `user_${(index * 7919) % entities}`);
  const expected = entity_ids.map((entityId) => ({ values: valuesAsOf(entityId, toMillis) }));
  const read = async () => (await one.post('/api/v1/features/online', { entity_ids, feature_names: names })).json.rows;
  expect(await read()).toMatchObject(expected);
  const redis = new Redis(stores.redis.url);
  await redis.flushall();
  redis.disconnect();
  expect(await read()).toMatchObject(expected);
});

test('entities read as of moments of all three years are at the rows before', async () => {
  const places = Array.from({ length: 1000 }, (_, index) => ({
    entity_id: `user_${(index * 7919) % entities}`,
    timestamp: Math.floor(fromMillis + (((index * 619) % 1000) / 1000) * (toMillis - fromMillis)),
  }));
  const { json } = await one.post('/api/v1/features/batch', { entity_rows: places, feature_names: names });
  const expected = places.map(({ entity_id, timestamp }) => {
    const [amount, visits] = valuesAsOf(entity_id, timestamp);
    return { entity_id, timestamp, features: { [`${view}:amount`]: amount, [`${view}:visits`]: visits } };
  });
  expect(json.rows).toMatchObject(expected);
});

test('the maintenance job makes the statistics of every hour', async () => {
  let hours: HourOfVisits[] = [];
  await until('the statistics have every row', 150_000, async () => {
    hours = await readStatistics();
    return countOf(hours) === rowCount;
  });
  expect(hours.map(({ hour, count, min, max }) => ({ hour, count, min, max }))).toEqual(statisticsOfRows());
});

test('neither process logged a fault in all this', () => {
  expect([...faultsLogged(one), ...faultsLogged(other)]).toEqual([]);
});

/** Each writer asks the processes in turn, and takes the next rows when it was answered. */
async function write({ from, to }: { from: number; to: number }, processes: readonly LocalProcess[]): Promise<void> {
  const firsts = Array.from({ length: (to - from) / rowsPerRequest }, (_, request) => from + request * rowsPerRequest);
  const queue = firsts.entries();
  const work = async (): Promise<void> => {
    for (const [request, first] of queue) {
      const rows = Array.from({ length: rowsPerRequest }, (_, index) => rowAt(first + index));
      const answer = await processes[request % processes.length]?.post('/api/v1/features/ingest', { view, rows });
      expect([answer?.status, answer?.json]).toEqual([200, { accepted: rowsPerRequest, rejected: [] }]);
    }
  };
  await Promise.all(Array.from({ length: writers }, work));
}

/** Of `visits` in all three years, in as many requests as they need. */
async function readStatistics(): Promise<HourOfVisits[]> {
  const hours: HourOfVisits[] = [];
  const first = Math.floor(fromMillis / hourMillis) * hourMillis;
  for (let from = first; from < toMillis; from += 10_000 * hourMillis) {
    const query = new URLSearchParams({
      feature: 'visits',
      from: new Date(from).toISOString(),
      to: new Date(from + 10_000 * hourMillis).toISOString(),
    });
    const { status, json, text } = await one.request('GET', `/api/v1/feature-views/${view}/statistics?${query}`);
    expect(status, text).toBe(200);
    hours.push(...json.hours);
  }
  return hours;
}

function countOf(hours: readonly HourOfVisits[]): number {
  return hours.reduce((sum, { count }) => sum + count, 0);
}
