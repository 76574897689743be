import { Agent, get, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';

let stores: RealStores;
let local: LocalProcess;
beforeAll(async () => {
  stores = await startStores();
  local = await startLocal(stores.settings, { args: ['--no-seed'] });
  const features = [{ name: 'count', dtype: 'int64' }];
  const registered = await local.post('/api/v1/feature-views', { name: 'counter', entity_type: 'user', features });
  expect(registered.status, registered.text).toBe(201);
});
afterAll(async () => {
  await local?.stop();
  await stores?.stop();
});

test('a connection at rest is kept for longer than the minute after which its users close it', async () => {
  const agent = new Agent({ keepAlive: true });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${local.url}/health`, { agent }, resolve).once('error', reject);
  });
  answer.resume();
  expect(answer.headers['keep-alive']).toBe('timeout=65');
  agent.destroy();
});

test('SIGTERM under load loses no request that was sent on a connection, and ends the process', async () => {
  const answered: number[] = [];
  const lost: string[] = [];
  const clients = Array.from({ length: 20 }, (_, client) => runClient(client, answered, lost));
  await until('all clients are at work', 30_000, () => answered.length > 1000);
  const before = answered.length;
  const signalledAt = performance.now();
  await local.child.end('SIGTERM');
  expect(performance.now() - signalledAt).toBeLessThan(5000);
  await Promise.all(clients);
  expect(lost).toEqual([]);
  expect(new Set(answered)).toEqual(new Set([200]));
  // Those under way and the one that each client sent on its connection before it heard that this ends.
  expect(answered.length).toBeGreaterThanOrEqual(before);
});

/** Writes and reads on one connection, and opens another when the server ends that, until none is taken any more. */
async function runClient(client: number, answered: number[], lost: string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const entity_id = `user ${client}`;
  for (let count = 1; ; count++) {
    const event_time = new Date().toISOString();
    const write = { view: 'counter', rows: [{ entity_id, event_time, values: { count } }] };
    const read = { entity_id, feature_names: ['count'] };
    for (const [path, body] of [
      ['/api/v1/features/ingest', write],
      ['/api/v1/features/online', read],
    ] as const) {
      try {
        answered.push(await post(agent, path, body));
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        // No connection was had, so nothing was sent: another server would be asked.
        if (code !== 'ECONNREFUSED') lost.push(`${path}: ${String(error)}`);
        return agent.destroy();
      }
    }
  }
}

function post(agent: Agent, path: string, body: unknown): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(local.url + path, {
    agent,
    method: 'POST',
    headers: { 'x-api-key': 'tenant1_key', 'content-type': 'application/json' },
  });
  sent.once('error', reject).once('response', (answer: IncomingMessage) => {
    answer.once('error', reject).once('end', () => resolve(answer.statusCode ?? 0));
    answer.resume();
  });
  sent.end(JSON.stringify(body));
  return promise;
}
