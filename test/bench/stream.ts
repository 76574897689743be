import { Redis } from 'ioredis';
import pg from 'pg';
import { startBenchStores } from './support/bench-stores.ts';
import { type CpuTime, createCpuClock } from './support/cpu-time.ts';
import { median } from './support/load.ts';
import { registerStreams } from './support/register-streams.ts';
import { type Figures, printReport } from './support/report.ts';
import { storeWeek } from './support/store-week.ts';
import { openStreamConsumer, type StreamConsumer } from './support/stream-consumer.ts';
import {
  createTransactions,
  featuresPerEvent,
  kinesisEvent,
  transactionViews,
  type Users,
  uniformUsers,
  zipfUsers,
} from './support/stream-events.ts';

/**
 * bench:stream: records of Kinesis through the handler that Lambda runs, until Postgres has committed (with fsync) and the cache
 * has the windows, against the bare insert of the same events. A feature update is one event times one feature. Several shards,
 * each a batch at a time as Lambda hands them out, and a user is always of one shard. One process, as one function has; more of
 * it runs on more cores. Beside the figures the microseconds of processor time an event cost each part: on a machine that does other
 * things too these say more.
 * `BENCH_EVENTS` (200000) a turn, `BENCH_ROUNDS` (3), `BENCH_CASES` (all).
 */
const eventsPerTurn = Number(process.env.BENCH_EVENTS ?? 200_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
/** Batches at a time: of four shards, each read twice at once, as a mapping's parallelization factor of 2 has it; large ones once. */
const mostShards = 8;
const users = 10_000;

/** Of feature rows: how many features each has. */
const rowCases: Readonly<Record<string, number>> = { rows: 50, rows_10: 10 };
const eventCases: Readonly<Record<string, { readonly users: Users; readonly batch: number; readonly shards: number }>> =
  {
    events: { users: zipfUsers(users), batch: 1000, shards: mostShards },
    events_5000: { users: zipfUsers(users), batch: 5000, shards: 4 },
    events_uniform: { users: uniformUsers(users), batch: 1000, shards: mostShards },
  };

const stores = await startBenchStores();
const tenant = 't_developmento';
const bindings = [
  { stream: 'transactions', tenant: 'tenant1', source: 'transactions' },
  ...Object.keys(rowCases).map((view) => ({ stream: view, tenant: 'tenant1', view })),
];
try {
  await registerStreams(stores, rowCases);
  const consumer = await openStreamConsumer({
    ...stores.env,
    STREAM_BINDINGS: JSON.stringify(bindings),
  });
  const pool = new pg.Pool({
    connectionString: stores.postgres.url,
    max: mostShards,
    options: '-c role=feature_store_writer',
  });
  const cpu = createCpuClock(await backendPid(pool), await redisPid());
  const report: Record<string, Figures> = {};
  const wanted = (process.env.BENCH_CASES ?? [...Object.keys(eventCases), ...Object.keys(rowCases)].join(',')).split(
    ',',
  );
  if (wanted.some((name) => name in eventCases)) {
    await storeWeek(
      consumer,
      stores.postgres.url,
      transactionViews.map(({ name }) => `${tenant}.${name}_v1`),
      users,
    );
  }
  for (const name of wanted) {
    report[name] = await measure(name, { consumer, pool, cpu });
    await allProjected(pool);
  }
  await consumer.close();
  await pool.end();
  printReport(report);
} finally {
  await stores.stop();
}

interface Parts {
  readonly consumer: StreamConsumer;
  readonly pool: pg.Pool;
  readonly cpu: () => CpuTime;
}

/** A batch as the handler gets it, and as the floor does. */
interface Batch {
  readonly event: unknown;
  readonly parameters: readonly unknown[];
  readonly size: number;
}

async function measure(name: string, parts: Parts): Promise<Figures> {
  const load = name in eventCases ? eventLoad(name) : rowLoad(name);
  await turn(load.make(eventsPerTurn / 4), ({ event }) => parts.consumer.deliver(event), parts.cpu);
  const ours: Turn[] = [];
  const floors: Turn[] = [];
  for (let round = 0; round < rounds; round++) {
    const batches = load.make(eventsPerTurn);
    floors.push(await turn(batches, ({ parameters }) => parts.pool.query(load.floor, [...parameters]), parts.cpu));
    ours.push(await turn(batches, ({ event }) => parts.consumer.deliver(event), parts.cpu));
  }
  const of = (turns: readonly Turn[], figure: keyof Turn): number => median(turns.map((each) => each[figure]));
  const perSecond = of(ours, 'perSecond');
  const floor = of(floors, 'perSecond');
  return {
    per_s: perSecond,
    features_per_s: perSecond * load.features,
    floor,
    ratio: perSecond / floor,
    node_us: of(ours, 'node'),
    postgres_us: of(ours, 'postgres'),
    redis_us: of(ours, 'redis'),
    floor_us: of(floors, 'node') + of(floors, 'postgres'),
  };
}

/** Events or rows a second, and microseconds that each cost. */
type Turn = CpuTime & { readonly perSecond: number };

/** Each shard a batch at a time, until the first of them has no more: what the others have left would run alone. */
async function turn(
  batches: readonly (readonly Batch[])[],
  run: (batch: Batch) => Promise<unknown>,
  cpu: () => CpuTime,
): Promise<Turn> {
  const before = cpu();
  const startedAt = performance.now();
  let done = 0;
  let isOver = false;
  let result: Turn | undefined;
  await Promise.all(
    batches.map(async (ofShard) => {
      for (const batch of ofShard) {
        if (isOver) return;
        await run(batch);
        done += batch.size;
      }
      if (isOver) return;
      isOver = true;
      const after = cpu();
      const each = (part: keyof CpuTime): number => (after[part] - before[part]) / done;
      result = {
        perSecond: (done * 1000) / (performance.now() - startedAt),
        ...{ node: each('node'), postgres: each('postgres'), redis: each('redis') },
      };
    }),
  );
  if (result === undefined) throw new Error('no shard had a batch');
  return result;
}

interface Load {
  readonly features: number;
  /** Of each shard. */
  readonly make: (count: number) => Batch[][];
  readonly floor: string;
}

function eventLoad(name: string): Load {
  const {
    users: among,
    batch,
    shards,
  } = eventCases[name] ?? {
    users: uniformUsers(users),
    batch: 1000,
    shards: mostShards,
  };
  // What comes again comes by the same shard.
  const makers = Array.from({ length: shards }, () => createTransactions(among.count));
  return {
    features: featuresPerEvent,
    floor: `
      INSERT INTO floor_events (event_id, event_time, created_at, user_id, merchant, amount)
      SELECT event_id, at, now(), user_id, merchant, amount
      FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::float8[]) AS given (event_id, at, user_id, merchant, amount)
      ON CONFLICT DO NOTHING`,
    make: (count) =>
      inShards(shards, count, batch, among.pick, (user, shard) => makers[shard]?.(user)).map((ofShard, shard) =>
        ofShard.map((events) => ({
          event: kinesisEvent('transactions', shard, events),
          parameters: columnsOf(events, ['event_id', 'at', 'user_id', 'merchant', 'amount']),
          size: events.length,
        })),
      ),
  };
}

function rowLoad(name: string): Load {
  const names = Array.from({ length: rowCases[name] ?? 0 }, (_, index) => `${name}_f${index}`);
  const columns = names.join(', ');
  const rowOf = (user: number) => ({
    entity_id: `user_${user}`,
    event_time: new Date().toISOString(),
    values: Object.fromEntries(names.map((each) => [each, Math.round(Math.random() * 1e6) / 100])),
  });
  return {
    features: names.length,
    floor: `
      INSERT INTO floor_${name} (entity_id, event_time, created_at, ${columns})
      SELECT entity_id, event_time, now(), ${columns}
      FROM unnest($1::text[], $2::timestamptz[], ${names.map((_, place) => `$${place + 3}::float8[]`).join(', ')})
        AS given (entity_id, event_time, ${columns})
      ON CONFLICT DO NOTHING`,
    make: (count) =>
      inShards(mostShards, count, 1000, uniformUsers(users).pick, rowOf).map((ofShard, shard) =>
        ofShard.map((rows) => ({
          event: kinesisEvent(name, shard, rows),
          parameters: [
            ...columnsOf(rows, ['entity_id', 'event_time']),
            ...names.map((each) => rows.map(({ values }) => values[each])),
          ],
          size: rows.length,
        })),
      ),
  };
}

/** A user's events are of one shard, as a stream's partition key has it. */
function inShards<Item>(
  shards: number,
  count: number,
  batch: number,
  pick: () => number,
  make: (user: number, shard: number) => Item | undefined,
): Item[][][] {
  const filling: Item[][] = Array.from({ length: shards }, () => []);
  const full: Item[][][] = Array.from({ length: shards }, () => []);
  for (let made = 0; made < count; made++) {
    const user = pick();
    const shard = (Math.imul(user, 0x9e37_79b1) >>> 16) % shards;
    const items = filling[shard];
    const item = make(user, shard);
    if (item !== undefined) items?.push(item);
    if (items?.length !== batch) continue;
    full[shard]?.push(items);
    filling[shard] = [];
  }
  return full;
}

function columnsOf<Item extends object>(items: readonly Item[], names: readonly (keyof Item)[]): unknown[][] {
  return names.map((name) => items.map((item) => item[name]));
}

/** Marks of what the cache lacks are deleted once it has it. */
async function allProjected(pool: pg.Pool): Promise<void> {
  for (let left = 1; left > 0; ) {
    const { rows } = await pool.query(
      "SELECT count(*)::int AS count, coalesce(min(created_at) < now() - interval '60 seconds', false) AS stays FROM feature_store.pending_projections",
    );
    left = rows[0]?.count;
    if (rows[0]?.stays) throw new Error(`${left} projections failed`);
  }
}

async function backendPid(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  return Number(rows[0]?.pid);
}

async function redisPid(): Promise<number> {
  const redis = new Redis(stores.redis.url);
  const info = await redis.info('server');
  redis.disconnect();
  return Number(/process_id:(\d+)/.exec(info)?.[1]);
}
