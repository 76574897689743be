import { Redis } from 'ioredis';
import { post, startBenchStores } from './support/bench-stores.ts';
import { secondsOf } from './support/ingest-load.ts';
import { median } from './support/load.ts';
import { type Figures, printReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';
import { openStreamConsumer, type StreamConsumer } from './support/stream-consumer.ts';
import { kinesisEvent, transactionSource } from './support/stream-events.ts';

/**
 * bench:windows: online reads of twenty windowed numbers of one entity, over 1 h, 24 h and 7 d, every read a hit, against a bare
 * HMGET of one row as JSON: values alone, and with the status, event time and age of each. Both on one connection with as many in flight, in turns. Without HTTP, which would flatter: it costs
 * both the same. `BENCH_READS` (100000) a turn, `BENCH_ROUNDS` (5).
 */
const reads = Number(process.env.BENCH_READS ?? 100_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const users = 1000;
const inFlight = 32;
const hourMillis = 3_600_000;

const aggregations = [
  ...['1h', '24h', '7d'].flatMap((window) => windowed('amount', window)),
  ...windowed('quantity', '24h'),
];

function windowed(field: string, window: string) {
  return ['count', 'sum', 'avg', 'min', 'max'].map((name) => ({
    ...{ name: `${field}_${name}_${window}`, function: name, window },
    ...(name === 'count' && field === 'amount' ? {} : { field }),
  }));
}

const stores = await startBenchStores();
try {
  await register();
  const consumer = await openStreamConsumer({
    ...stores.env,
    STREAM_BINDINGS: JSON.stringify([{ stream: 'transactions', tenant: 'tenant1', source: 'transactions' }]),
  });
  await storeEvents(consumer);
  const redis = new Redis(stores.redis.url);
  await storeRows(redis);
  const feature_names = aggregations.map(({ name }) => name);
  const readOne =
    (include_metadata: boolean) =>
    async (user: number): Promise<void> => {
      const request = { entity_id: `user_${user}`, feature_names, include_metadata, allow_partial: false };
      const { misses } = await consumer.readOnline(consumer.tenant, request);
      if (misses > 0 && isWarm) throw new Error(`user_${user} was no hit`);
    };
  const readBare = (user: number) => redis.hmget(`bare:user_${user}`, 'row');
  let isWarm = false;
  // The first read fills the cache, the second keeps its tails.
  for (let time = 0; time < 2; time++) await secondsOf(everyUser(), inFlight, readOne(true));
  isWarm = true;
  const measure = async (withMetadata: boolean): Promise<Figures> => {
    const turns: { ours: number; floor: number; oursMicros: number; floorMicros: number }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const asked = Array.from({ length: reads }, () => Math.floor(Math.random() * users));
      const begun = process.cpuUsage();
      const floor = reads / (await secondsOf(asked, inFlight, readBare));
      const floorMicros = microsSince(begun) / reads;
      const middle = process.cpuUsage();
      const ours = reads / (await secondsOf(asked, inFlight, readOne(withMetadata)));
      // The first is for the compiler.
      if (round > 0) turns.push({ ours, floor, oursMicros: microsSince(middle) / reads, floorMicros });
    }
    return {
      reads_per_s: median(turns.map(({ ours }) => ours)),
      floor: median(turns.map(({ floor }) => floor)),
      ratio: median(turns.map(({ ours, floor }) => ours / floor)),
      node_us: median(turns.map(({ oursMicros }) => oursMicros)),
      floor_node_us: median(turns.map(({ floorMicros }) => floorMicros)),
    };
  };
  const values = await measure(false);
  printReport({ windows: values, windows_with_metadata: await measure(true) });
  redis.disconnect();
  await consumer.close();
} finally {
  await stores.stop();
}

/** Of this process's processor time, which other processes do not lengthen much. */
function microsSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return user + system;
}

function everyUser(): number[] {
  return Array.from({ length: users }, (_, user) => user);
}

async function register(): Promise<void> {
  const server = await startServer('functions/local.ts --no-seed', stores.env);
  try {
    const { schema, ...source } = transactionSource;
    await post(server.url, '/api/v1/stream-sources', { ...source, schema: { ...schema, quantity: 'int64' } });
    await post(server.url, '/api/v1/feature-views', {
      ...{ name: 'user_spending', entity_type: 'bench_user', source: 'transactions', entity_key: 'user_id' },
      aggregations,
    });
  } finally {
    await server.stop();
  }
}

/** Two transactions of every user in each hour of the windows, and ten in the last. */
async function storeEvents(consumer: StreamConsumer): Promise<void> {
  const now = Date.now();
  for (let hour = 7 * 24 + 1; hour >= 0; hour--) {
    const events = Array.from({ length: hour === 0 ? 10 : 2 }, (_, index) =>
      everyUser().map((user) => ({
        event_id: `${hour}-${index}-${user}`,
        user_id: `user_${user}`,
        merchant: 'merchant_1',
        amount: Math.round(Math.random() * 50_000) / 100,
        quantity: Math.floor(Math.random() * 10),
        at: new Date(now - (hour + Math.random()) * hourMillis).toISOString(),
      })),
    ).flat();
    await consumer.deliver(kinesisEvent('transactions', 0, events));
  }
}

async function storeRows(redis: Redis): Promise<void> {
  for (const user of everyUser()) {
    const row = JSON.stringify([now16(), now16(), 1, ...aggregations.map(() => Math.round(Math.random() * 1e6) / 100)]);
    await redis.hset(`bare:user_${user}`, 'row', row);
  }
}

/** As a row begins in the cache: microseconds of its times. */
function now16(): number {
  return Date.now() * 1000;
}
