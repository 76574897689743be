import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { faultsLogged, type LocalProcess, startLocal, until } from './local-process.ts';
import { clockAhead } from './moved-clock.ts';
import { isRefused, names } from './quick-start-setup.ts';
import { startToEnd } from './short-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feature-store-quick-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a folder keeps what was written, over a stop and over a crash, and its samples are topped up', async () => {
  const settings = { DATA_FOLDER: join(folder, 'kept') };
  // A process that lives three days ago: what it writes as new is old to the next.
  const past = await startLocal(settings, { nodeArgs: ['--import', clockAhead(-3 * 86_400_000)] });
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
