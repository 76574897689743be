import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Child, startChild } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { clientOf, environmentOf, faultsLogged, type LocalProcess, startLocal, until } from './local-process.ts';
import { runToEnd, startToEnd } from './short-process.ts';

const names = ['user_age', 'user_lifetime_value', 'last_purchase_days'];

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
    // Three views of 100 users and one of 50 merchants, on three days.
    expect(ended.stdout).toContain(`Wrote 1050 rows to ${client.url}`);
    const answer = await fetch(`${client.url}/api/v1/features/online`, {
      method: 'POST',
      headers: { 'x-api-key': 'tenant2_key' },
      body: JSON.stringify({ entity_ids: ['user_1', 'user_100', 'user_101'], feature_names: ['user_age'] }),
    });
    expect(await answer.json()).toMatchObject({
      rows: [{ statuses: ['PRESENT'] }, { statuses: ['PRESENT'] }, { statuses: ['NOT_FOUND'] }],
    });
  });

  test('is over soon after a signal to npm, which the shell between them does not pass on', async () => {
    await npm.end('SIGTERM');
    await until('nobody answers', 5000, () => isRefused(port));
  });
});

test('a folder keeps what was written, over a stop and over a crash, and its samples are topped up', async () => {
  const settings = { DATA_FOLDER: join(folder, 'kept') };
  // A process that lives three days ago: what it writes as new is old to the next.
  const past = await startLocal(settings, { nodeArgs: ['--import', clockBehind(3 * 86_400_000)] });
  try {
    expect((await past.read('user_1', names)).json.metadata.user_lifetime_value.status).toBe('PRESENT');
    const written = await past.post('/api/v1/features/ingest', {
      view: 'user_profile',
      rows: [
        {
          entity_id: 'kept',
          event_time: new Date(Date.now() - 4 * 86_400_000).toISOString(),
          values: { user_age: 44 },
        },
      ],
    });
    expect(written.json).toEqual({ accepted: 1, rejected: [] });
  } finally {
    await past.stop();
  }

  const present = await startLocal(settings);
  try {
    const { json } = await present.read('user_1', names);
    expect(json.metadata.user_lifetime_value.status).toBe('PRESENT');
    expect(json.metadata.user_lifetime_value.age_seconds).toBeLessThan(60);
    expect(await ageOf(present, 'kept')).toBe(44);
    expect((await present.ingest('user_profile', { crashed: { user_age: 45 } })).status).toBe(200);
    expect(faultsLogged(present)).toEqual([]);
  } finally {
    await present.child.end('SIGKILL');
  }

  const again = await startLocal(settings);
  try {
    expect(await ageOf(again, 'kept')).toBe(44);
    expect(await ageOf(again, 'crashed')).toBe(45);
    // Nothing to top up: the newest samples are less than an hour old.
    expect(again.child.output()).not.toContain('Writing');
  } finally {
    await again.stop();
  }
});

test('with --memory nothing is kept', async () => {
  const settings = { DATA_FOLDER: join(folder, 'unused') };
  for (const value of [1, 2]) {
    const local = await startLocal(settings, { args: ['--memory', '--no-seed'] });
    try {
      const names = await local.request('GET', '/api/v1/features');
      expect(names.json.features).toEqual([]);
      await local.post('/api/v1/features/register', { name: 'score', dtype: 'int64', entity_type: 'user' });
      await local.ingest('score', { u: { score: value } });
      expect((await local.read('u', ['score'])).json.features).toEqual({ score: value });
    } finally {
      await local.stop();
    }
  }
});

describe('SIGTERM', () => {
  const firstHalf = '{"entity_id":"user_1';
  const secondHalf = '23","feature_names":["user_age"]}';

  test('lets a request under way be answered, and ends the process with 0 within five seconds', async () => {
    const { port, process: local } = await startMemory();
    const { request, answer } = await beginRead(port);
    const signalledAt = performance.now();
    local.signal('SIGTERM');
    await until('no new connection is taken', 2000, () => isRefused(port));
    request.end(secondHalf);
    // Nothing is registered there: a 404 is its right answer.
    expect((await answer).statusCode).toBe(404);
    expect((await local.ended).code).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(5000);
  });

  test('does not wait for a client that never ends its request', async () => {
    const { port, process: local } = await startMemory();
    const { answer } = await beginRead(port);
    const signalledAt = performance.now();
    local.signal('SIGTERM');
    await expect(answer).rejects.toThrow('socket hang up');
    expect((await local.ended).code).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(5000);
  });

  async function startMemory() {
    const port = await freePort();
    const args = ['functions/local.ts', '--memory', '--no-seed'];
    const started = startToEnd(process.execPath, args, { PORT: String(port) });
    await until('it is ready', 30_000, async () => !(await isRefused(port)));
    return { port, process: started };
  }

  /** A request whose head the process has, and half of its body. */
  async function beginRead(port: number) {
    const sent = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/api/v1/features/online',
      headers: {
        'x-api-key': 'tenant1_key',
        'content-type': 'application/json',
        expect: '100-continue',
        'content-length': firstHalf.length + secondHalf.length,
      },
    });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject);
    });
    answer.catch(() => {});
    sent.flushHeaders();
    await once(sent, 'continue');
    sent.write(firstHalf);
    return { request: sent, answer };
  }
});

async function ageOf(local: LocalProcess, entityId: string): Promise<unknown> {
  return (await local.read(entityId, ['user_age'])).json.features.user_age;
}

/** A module that sets a process's clock back. */
function clockBehind(millis: number): string {
  const source = `
    const { Date: RealDate } = globalThis;
    globalThis.Date = class extends RealDate {
      constructor(...args) {
        if (args.length === 0) super(RealDate.now() - ${millis});
        else super(...args);
      }
      static now() {
        return RealDate.now() - ${millis};
      }
    };`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** Whether nothing takes a new connection. */
function isRefused(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } }).then(
    () => false,
    () => true,
  );
}
