import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { bundleModule } from '../../infra/bundling/bundle-module.ts';
import { gatewayEvent } from '../support/gateway-event.ts';
import { startBenchStores } from './support/bench-stores.ts';
import { firstAnswer } from './support/first-answer.ts';
import { median } from './support/load.ts';
import { printReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';

/**
 * bench:cold-start: from the start of a process to its first answer, of the bundles as they are deployed. Ours reads ten
 * features of one entity: the key and the registry's snapshot come from DynamoDB, the values from Redis. The floors are
 * bundled the same way: `floor` is Hono that answers at once, `redis_floor` Hono that asks Redis for those values first.
 * They take turns. `BENCH_ROUNDS` (25).
 */
const rounds = Number(process.env.BENCH_ROUNDS ?? 25);
const bundles = {
  ours: 'functions/online/handler.ts',
  floor: 'test/bench/cold-start/answer-at-once.ts',
  redisFloor: 'test/bench/cold-start/answer-from-redis.ts',
};
type Turn = keyof typeof bundles;
const turns: readonly Turn[] = ['floor', 'ours', 'redisFloor'];

const platformKey = 'a platform key of the benchmark';
const features = Array.from({ length: 10 }, (_, index) => `f${index}`);

const folder = mkdtempSync(join(tmpdir(), 'feature-store-cold-start-'));
const stores = await startBenchStores();
try {
  const settings = { ...stores.env, API_KEY_SECRET: 'a pepper of the benchmark', PLATFORM_API_KEY: platformKey };
  const { key, tenantId } = await writeRow(settings);
  const event = gatewayEvent({
    method: 'POST',
    path: '/api/v1/features/online',
    key,
    body: { entity_id: 'user_1', feature_names: features },
  });
  const env = {
    ...settings,
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' },
    ...{ BARE_KEY_PREFIX: `fs1:{${tenantId}:user:`, BARE_FIELD: 'user_profile_v1' },
  };
  const files: Readonly<Record<Turn, string>> = {
    ours: await write('ours'),
    floor: await write('floor'),
    redisFloor: await write('redisFloor'),
  };
  const times: Record<Turn, number[]> = { ours: [], floor: [], redisFloor: [] };
  for (let round = -1; round < rounds; round++) {
    for (const turn of turns) {
      const { milliseconds, answer } = await firstAnswer(files[turn], event, env);
      requireRead(turn, answer);
      // The first round brings the files into memory.
      if (round >= 0) times[turn].push(milliseconds);
    }
  }
  const [ours, floor, redisFloor] = [median(times.ours), median(times.floor), median(times.redisFloor)];
  printReport({
    first_answer: {
      ...{ ms: ours, floor, ratio: ours / floor },
      ...{ redis_floor: redisFloor, redis_ratio: ours / redisFloor },
    },
  });
} finally {
  await stores.stop();
  rmSync(folder, { recursive: true });
}

async function write(turn: Turn): Promise<string> {
  const { outputFiles } = await bundleModule(turn, bundles[turn]);
  for (const { path, contents } of outputFiles) writeFileSync(join(folder, `${turn}-${basename(path)}`), contents);
  return join(folder, `${turn}-index.mjs`);
}

/** A tenant with a view and one row, by a server that is gone before anything is measured. */
async function writeRow(settings: Readonly<Record<string, string>>): Promise<{ key: string; tenantId: string }> {
  const server = await startServer('functions/local.ts --no-seed', { ...settings, LOG_LEVEL: 'warn' });
  const post = async (as: string, path: string, body: unknown): Promise<unknown> => {
    const headers = { 'x-api-key': as, 'content-type': 'application/json' };
    const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  try {
    const made = z
      .object({ tenant_id: z.string(), api_key: z.object({ key: z.string() }) })
      .parse(await post(platformKey, '/api/v1/tenants', { name: 'bench' }));
    const { key } = made.api_key;
    const view = { name: 'user_profile', entity_type: 'user' };
    const columns = features.map((name) => ({ name, dtype: 'float64' }));
    await post(key, '/api/v1/feature-views', { ...view, features: columns });
    const values = Object.fromEntries(features.map((name, index) => [name, index]));
    const rows = [{ entity_id: 'user_1', event_time: new Date().toISOString(), values }];
    await post(key, '/api/v1/features/ingest', { view: view.name, rows });
    return { key, tenantId: made.tenant_id };
  } finally {
    await server.stop();
  }
}

/** An answer that is an error is quick. */
function requireRead(turn: Turn, answer: string): void {
  const { statusCode, body } = z.object({ statusCode: z.number(), body: z.string() }).parse(JSON.parse(answer));
  const isRead = turn === 'floor' || /"f9":9|"values":\[0,1,2,3,4,5,6,7,8,9\]/.test(body);
  if (statusCode !== 200 || !isRead) throw new Error(`${turn} answered ${statusCode}: ${body}`);
}
