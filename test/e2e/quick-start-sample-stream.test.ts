import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faultsLogged, type LocalProcess, startLocal, until } from './local-process.ts';
import { clockAhead } from './moved-clock.ts';

const hourMillis = 3_600_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feature-store-sample-stream-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('windows of a user rise while sample events come, keep all of them over a stop, and fall when none come', async () => {
  const settings = { DATA_FOLDER: join(folder, 'data') };
  const recent = {
    name: 'recent_transactions',
    entity_type: 'user',
    source: 'transactions',
    entity_key: 'user_id',
    hop: '1s',
    aggregations: [{ name: 'txn_count_10s', function: 'count', window: '10s' }],
  };

  let before: Windows;
  const live = await startLocal(settings);
  try {
    const registered = await live.post('/api/v1/feature-views', recent);
    expect(registered.status, registered.text).toBe(201);
    await until('a week of history is there', 15_000, async () => (await read(live)).txn_count_1h > 60);
    const first = await read(live);
    await until('events are counted', 15_000, async () => {
      const { txn_count_1h, txn_count_10s } = await read(live);
      return txn_count_1h > first.txn_count_1h && txn_count_10s >= 3;
    });
    before = await read(live);
    expect(before.txn_sum_24h).toBeGreaterThan(first.txn_sum_24h ?? Number.NaN);
    expect(before.txn_avg_7d).not.toBe(first.txn_avg_7d);
    expect(faultsLogged(live)).toEqual([]);
  } finally {
    await live.stop();
  }

  const quiet = await startLocal(settings, { args: ['--no-sample-events'] });
  try {
    const stopped = await read(quiet);
    expect(stopped.txn_sum_24h).toBeGreaterThanOrEqual(before.txn_sum_24h ?? Number.NaN);
    await until('the window of ten seconds is empty', 15_000, async () => (await read(quiet)).txn_count_10s === 0);
    expect((await read(quiet)).txn_sum_24h).toBe(stopped.txn_sum_24h);
    expect(faultsLogged(quiet)).toEqual([]);
  } finally {
    await quiet.stop();
  }

  const tomorrow = await startLocal(settings, {
    args: ['--no-seed'],
    nodeArgs: ['--import', clockAhead(25 * hourMillis)],
  });
  try {
    expect(await read(tomorrow)).toEqual({
      txn_count_10s: 0,
      txn_count_1h: 0,
      txn_sum_24h: null,
      txn_avg_7d: expect.any(Number),
    });
  } finally {
    await tomorrow.stop();
  }
});

interface Windows {
  readonly txn_count_10s: number;
  readonly txn_count_1h: number;
  readonly txn_sum_24h: number | null;
  readonly txn_avg_7d: number | null;
}

async function read(local: LocalProcess): Promise<Windows> {
  const { json, text } = await local.read('user_123', ['txn_count_10s', 'txn_count_1h', 'txn_sum_24h', 'txn_avg_7d']);
  expect(json.features, text).toBeDefined();
  return json.features;
}
