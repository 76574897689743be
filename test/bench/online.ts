import { benchKey, post, startBenchStores } from './support/bench-stores.ts';
import { type LoadResult, median, runLoad } from './support/load.ts';
import { measureMisses } from './support/measure-misses.ts';
import { runPacedLoad } from './support/paced-load.ts';
import { type Figures, printReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';
import { warmUp } from './support/warm-up.ts';

/**
 * bench:online: reads through the whole HTTP stack on a real Redis, every read a hit, against the bare handler of
 * bare-server.ts on the same data. Ours and the floor take turns, so that a machine that changes its speed changes both.
 * `half_…` is what a request takes at half of what ours can do, of both at that rate. `misses_15` is 1x10 with 15 % misses, against all hits.
 * `BENCH_SECONDS` (3) a turn, `BENCH_ROUNDS` (5).
 */
const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const entities = 10_000;
const keyPrefix = 'fs1:{t_developmento:bench_user:';
/** 15 % of 40,000 reads a second, which is more than a core answers. */
const coldEntities = Math.ceil(seconds * 6) * 1000;

interface Case {
  readonly entities: number;
  readonly features: number;
  readonly connections: number;
}

const cases: Readonly<Record<string, Case>> = {
  '1x10': { entities: 1, features: 10, connections: 32 },
  '1x50': { entities: 1, features: 50, connections: 32 },
  '100x50': { entities: 100, features: 50, connections: 16 },
};

/**
 * V8's memory reducer takes a server that waits for the other's turn for an idle one: it collects 100 s after the last full
 * collection, and then drops the shapes that optimized code is for. Ours was 15 % slower for minutes after it.
 */
const neverIdle = '--no-memory-reducer';

const stores = await startBenchStores();
const ours = await startServer(`${neverIdle} functions/local.ts --no-seed`, { ...stores.env, LOG_LEVEL: 'info' });
const bare = await startServer(`${neverIdle} test/bench/bare-server.ts`, {
  ...stores.env,
  BARE_KEY_PREFIX: keyPrefix,
  NODE_ENV: 'production',
});
try {
  for (const features of [10, 50]) await writeView(features);
  const report: Record<string, Figures> = {};
  for (const [name, shape] of Object.entries(cases)) report[name] = await measure(shape);
  await writeRows(10, 'cold', coldEntities);
  report.misses_15 = await measureMisses({
    ...{ url: ours.url, headers: benchKey, redisUrl: stores.env.REDIS_URL, keyPrefix, coldEntities, seconds, rounds },
    bodyOf: (entity_id) => JSON.stringify({ entity_id, feature_names: featureNames(10) }),
    anyCached: anyUser,
  });
  printReport(report);
} finally {
  await Promise.all([ours.stop(), bare.stop()]);
  await stores.stop();
}

async function measure(shape: Case): Promise<Figures> {
  const bodies = requestBodies(shape);
  const load = { bodies, connections: shape.connections, headers: benchKey };
  const turns = {
    ours: { ...load, url: ours.url, path: '/api/v1/features/online' },
    bare: { ...load, url: bare.url, path: `/${shape.entities === 1 ? 'one' : 'many'}/bench_${shape.features}_v1` },
  };
  await warmUp(turns.bare);
  await warmUp(turns.ours);
  const results: Record<keyof typeof turns, LoadResult[]> = { ours: [], bare: [] };
  for (let round = 0; round < rounds; round++) {
    results.bare.push(await runLoad({ ...turns.bare, seconds }));
    results.ours.push(await runLoad({ ...turns.ours, seconds }));
  }
  const of = (turn: keyof typeof turns, figure: keyof LoadResult): number =>
    median(results[turn].map((result) => result[figure]));
  const rps = of('ours', 'rps');
  const floor = of('bare', 'rps');
  const half: Record<keyof typeof turns, number[]> = { ours: [], bare: [] };
  // More of them: a hundredth of the requests is what one pause of the machine delays.
  for (let round = 0; round < 2 * rounds + 1; round++) {
    for (const turn of ['bare', 'ours'] as const) {
      half[turn].push((await runPacedLoad({ ...turns[turn], seconds, perSecond: rps / 2 })).p99Millis);
    }
  }
  return {
    rps,
    features_per_s: rps * shape.entities * shape.features,
    p50_ms: of('ours', 'p50Millis'),
    p99_ms: of('ours', 'p99Millis'),
    floor,
    floor_p99_ms: of('bare', 'p99Millis'),
    ratio: rps / floor,
    half_p99_ms: median(half.ours),
    half_floor_p99_ms: median(half.bare),
    half_p99_ratio: median(half.ours) / median(half.bare),
  };
}

/** Entities uniformly at random, so that no turn reads the same ones again soon. */
function requestBodies({ entities: many, features }: Case): string[] {
  const feature_names = featureNames(features);
  return Array.from({ length: many === 1 ? 2000 : 200 }, () =>
    JSON.stringify(
      many === 1
        ? { entity_id: anyUser(), feature_names }
        : { entity_ids: Array.from({ length: many }, anyUser), feature_names },
    ),
  );
}

function anyUser(): string {
  return `user_${Math.floor(Math.random() * entities)}`;
}

function featureNames(features: number): string[] {
  return Array.from({ length: features }, (_, index) => `bench_${features}_f${index}`);
}

async function writeView(features: number): Promise<void> {
  const view = `bench_${features}`;
  const names = featureNames(features);
  await post(ours.url, '/api/v1/feature-views', {
    name: view,
    entity_type: 'bench_user',
    features: names.map((name) => ({ name, dtype: 'float64' })),
  });
  await writeRows(features, 'user', entities);
}

async function writeRows(features: number, prefix: string, many: number): Promise<void> {
  const names = featureNames(features);
  const event_time = new Date().toISOString();
  for (let first = 0; first < many; first += 1000) {
    const rows = Array.from({ length: 1000 }, (_, index) => ({
      entity_id: `${prefix}_${first + index}`,
      event_time,
      values: Object.fromEntries(names.map((name) => [name, Math.round(Math.random() * 1e6) / 100])),
    }));
    await post(ours.url, '/api/v1/features/ingest', { view: `bench_${features}`, rows });
  }
}
