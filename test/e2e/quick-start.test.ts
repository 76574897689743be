import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Child, startChild } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { clientOf, environmentOf, type LocalProcess, until } from './local-process.ts';
import { isRefused, names } from './quick-start-setup.ts';
import { runToEnd } from './short-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feature-store-quick-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('npm start with nothing set but a folder and a port', () => {
  let npm: Child;
  let port: number;
  let client: Omit<LocalProcess, 'child' | 'stop'>;
  let firstAnswerMillis: number;
  beforeAll(async () => {
    port = await freePort();
    client = clientOf(`http://127.0.0.1:${port}`);
    const startedAt = performance.now();
    npm = await startChild({
      command: 'npm',
      args: ['start'],
      readyWhen: /Feature Store is ready at/,
      env: environmentOf({ PORT: String(port), DATA_FOLDER: join(folder, 'data') }),
      orphanSignal: 'SIGTERM',
    });
    await client.request('GET', '/health');
    firstAnswerMillis = performance.now() - startedAt;
  });
  afterAll(() => npm?.end('SIGTERM'));

  test('answers in under 30 seconds and says how to ask', async () => {
    expect(firstAnswerMillis).toBeLessThan(30_000);
    expect(npm.output()).toContain(`http://localhost:${port}/api/v1/features/online`);
  });

  test('registers the example feature, which the sample data has', async () => {
    const { status, json } = await client.post('/api/v1/features/register', {
      name: 'user_lifetime_value',
      version: 1,
      dtype: 'float64',
      entity_type: 'user',
      ttl_hours: 24,
      description: 'Total revenue from a user, in USD',
      tags: ['revenue', 'user'],
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ name: 'user_lifetime_value', version: 1, dtype: 'float64', entity_type: 'user' });
  });

  test('reads three features of a user online', async () => {
    const { status, json } = await client.read('user_123', names);
    expect(status).toBe(200);
    expect(json.entity_id).toBe('user_123');
    expect(json.features).toEqual({
      user_age: expect.any(Number),
      user_lifetime_value: expect.any(Number),
      last_purchase_days: expect.any(Number),
    });
    for (const name of names) expect(json.metadata[name]).toMatchObject({ status: 'PRESENT', version: 1 });
  });

  test('reads two users as they were ten days ago', async () => {
    const timestamp = new Date(Date.now() - 10 * 86_400_000).toISOString();
    const { status, json } = await client.post('/api/v1/features/batch', {
      entity_ids: ['user_123', 'user_456'],
      feature_names: names,
      timestamp,
    });
    expect(status).toBe(200);
    expect(json.feature_names).toEqual(names);
    expect(json.rows.map((row: { entity_id: string }) => row.entity_id)).toEqual(['user_123', 'user_456']);
    const now = (await client.read('user_123', names)).json.features;
    for (const row of json.rows) {
      expect(row.statuses).toEqual(Object.fromEntries(names.map((name) => [name, 'PRESENT'])));
    }
    // The sample's revenue only grows.
    expect(json.rows[0].features.user_lifetime_value).toBeLessThan(now.user_lifetime_value);
  });

  test('lists the features and shows one', async () => {
    const list = await client.request('GET', '/api/v1/features');
    expect(list.status).toBe(200);
    const listed = list.json.features.map((feature: { name: string }) => feature.name);
    expect(listed).toEqual(expect.arrayContaining(names));
    const one = await client.request('GET', '/api/v1/features/user_lifetime_value');
    expect(one.status).toBe(200);
    expect(one.json).toMatchObject({ name: 'user_lifetime_value', dtype: 'float64', tags: ['revenue', 'user'] });
  });

  test('forgets the cached values of a user and still has the right ones', async () => {
    const before = (await client.read('user_123', names)).json.features;
    const first = await client.request('DELETE', '/api/v1/cache/invalidate/user_123');
    expect(first.status).toBe(200);
    expect(first.json).toEqual({ entity_id: 'user_123', invalidated: true });
    const second = await client.request('DELETE', '/api/v1/cache/invalidate/user_123');
    expect(second.json).toEqual({ entity_id: 'user_123', invalidated: false });
    expect((await client.read('user_123', names)).json.features).toEqual(before);
  });

  test('finds nothing of an entity that was never written, and says so with 200', async () => {
    const { status, json } = await client.read('never written', names);
    expect(status).toBe(200);
    expect(json.features).toEqual({ user_age: null, user_lifetime_value: null, last_purchase_days: null });
    for (const name of names) expect(json.metadata[name]).toMatchObject({ status: 'NOT_FOUND', event_time: null });
  });

  test('takes more sample data by npm run seed', async () => {
    const ended = await runToEnd(
      'npm',
      [
        'run',
        'seed',
        '--',
        '--users',
        '100',
        '--days',
        '3',
        '--cache-users',
        '50',
        '--url',
        client.url,
        '--key',
        'tenant2_key',
      ],
      {},
    );
    expect(ended.code, ended.stderr).toBe(0);
    // Three views of 100 users and one of 50 merchants, on three days; transactions of a week, but for what of today is to come.
    expect(ended.stdout).toMatch(/Wrote 1050 rows and (6\d\d|7[0-6]\d) events to http/);
    expect(ended.stdout).toContain(client.url);
    const answer = await fetch(`${client.url}/api/v1/features/online`, {
      method: 'POST',
      headers: { 'x-api-key': 'tenant2_key' },
      body: JSON.stringify({ entity_ids: ['user_1', 'user_100', 'user_101'], feature_names: ['user_age'] }),
    });
    expect(await answer.json()).toMatchObject({
      rows: [{ statuses: ['PRESENT'] }, { statuses: ['PRESENT'] }, { statuses: ['NOT_FOUND'] }],
    });
  });

  test("shows a user's windows change while sample events come", async () => {
    const windows = ['txn_count_1h', 'txn_sum_24h', 'txn_avg_7d'];
    const read = async () => (await client.read('user_123', windows)).json.features;
    await until('there is history', 15_000, async () => (await read()).txn_count_1h > 60);
    const before = await read();
    await until(
      'there are more transactions',
      10_000,
      async () => (await read()).txn_count_1h > before.txn_count_1h + 1,
    );
    const after = await read();
    expect(after.txn_sum_24h).toBeGreaterThan(before.txn_sum_24h);
    expect(after.txn_avg_7d).not.toBe(before.txn_avg_7d);
  });

  test('is over soon after a signal to npm, which the shell between them does not pass on', async () => {
    await npm.end('SIGTERM');
    await until('nobody answers', 5000, () => isRefused(port));
  });
});
