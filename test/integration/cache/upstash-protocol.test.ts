import { Redis as UpstashClient } from '@upstash/redis';
import { Redis } from 'ioredis';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createUpstashCache, type OnlineCache } from '../../../shared/cache/index.ts';
import { entityKey } from '../../../shared/cache/keys.ts';
import { startUpstash } from '../../support/upstash.ts';
import { generation, newTenant, rowOf, timeoutMillis } from './cache-setup.ts';

function openCache(address: { url: string; token: string } = inject('upstash')): OnlineCache {
  const cache = createUpstashCache({ ...address, timeoutMillis, ttlSeconds: 600, generation });
  onTestFinished(() => cache.close());
  return cache;
}

/** Upstash's own client: that it understands the server of these tests says that the server speaks as Upstash does. */
function openClient(responseEncoding: 'base64' | false): UpstashClient {
  return new UpstashClient({
    ...inject('upstash'),
    responseEncoding,
    automaticDeserialization: false,
    enableTelemetry: false,
  });
}

const odd = 'ü, "quoted" \\ ]\n\t\u0000\u2028 日本語 👩‍👩‍👧 </script>';

describe.each(['base64', false] as const)('Upstash’s own client, with answers in %s', (responseEncoding) => {
  test('reads, byte for byte, what the driver wrote, and the driver what it wrote', async () => {
    const tenantId = newTenant();
    const entity = { tenantId, entityType: 'user', entityId: odd };
    const key = entityKey(generation, tenantId, 'user', odd);
    const cache = openCache();
    const client = openClient(responseEncoding);
    await cache.writeNewest([{ ...entity, field: 'mine', stored: rowOf(5, 6, odd) }]);
    expect(await client.hget(key, 'mine')).toBe(rowOf(5, 6, odd));
    await client.hset(key, { theirs: rowOf(7, 8, odd) });
    const { reads } = await cache.read([{ ...entity, fields: ['theirs', 'mine'] }], []);
    expect(reads).toEqual([[rowOf(7, 8, odd), rowOf(5, 6, odd)]]);
  });

  test('has the results of a pipeline and of a transaction, and their errors one by one', async () => {
    const client = openClient(responseEncoding);
    const key = newTenant();
    const pipeline = client.pipeline().set(key, odd).hget(key, 'field').get(key);
    expect(await pipeline.exec({ keepErrors: true })).toMatchObject([
      { result: 'OK' },
      { error: expect.stringMatching(/^WRONGTYPE /) },
      { result: odd },
    ]);
    expect(await client.multi().set(key, odd).get(key).exec()).toEqual(['OK', odd]);
    await expect(client.hget(key, 'field')).rejects.toThrow('WRONGTYPE ');
  });

  test('is refused with a wrong token', async () => {
    const client = new UpstashClient({ ...inject('upstash'), token: 'wrong', responseEncoding });
    await expect(client.get('key')).rejects.toThrow('WRONGPASS invalid or missing auth token');
  });
});

test('a read is one request, whatever it is for, on a connection that stays', async () => {
  const requests: (string | undefined)[] = [];
  const ports = new Set<number | undefined>();
  const server = await startUpstash(inject('redisUrl'), ({ url, socket }) => {
    requests.push(url);
    ports.add(socket.remotePort);
  });
  onTestFinished(() => server.stop());
  const cache = openCache(server);
  await cache.ping();
  const before = requests.length;
  const tenantId = newTenant();
  const reads = Array.from({ length: 200 }, (_, index) => ({
    tenantId,
    entityType: 'user',
    entityId: `user_${index}`,
    fields: ['a', 'b'],
  }));
  for (let read = 0; read < 10; read += 1) await cache.read(reads, [{ kind: 'epoch', tenantId }]);
  expect(requests.slice(before)).toEqual(Array.from({ length: 10 }, () => '/pipeline'));
  // Of the first request, which connects, of one that may have come while it was under way, and of one that came before the
  // pool of Node's fetch had taken a connection back.
  expect(ports.size).toBeLessThanOrEqual(3);
});

test('nothing is said of the machine to Upstash but that it is Node', async () => {
  const seen = new Map<string, unknown>();
  const server = await startUpstash(inject('redisUrl'), ({ headers }) => {
    for (const [name, value] of Object.entries(headers)) seen.set(name, value);
  });
  onTestFinished(() => server.stop());
  await openCache(server).ping();
  expect(seen.get('user-agent')).toBe('node');
  expect([...seen.keys()].filter((name) => /telemetry|sdk|runtime|platform/.test(name))).toEqual([]);
});

test('requests beyond 64 at once wait for those before them, and all are answered', async () => {
  const ports = new Set<number | undefined>();
  const server = await startUpstash(inject('redisUrl'), ({ socket }) => ports.add(socket.remotePort));
  onTestFinished(() => server.stop());
  const cache = openCache(server);
  const tenantId = newTenant();
  await cache.publishEpoch(tenantId, 7);
  const answers = await Promise.all(Array.from({ length: 300 }, () => cache.read([], [{ kind: 'epoch', tenantId }])));
  expect(new Set(answers.map(({ along }) => along[0]))).toEqual(new Set([7]));
  // The pool takes a connection back a moment after its answer, when the next request may have opened another.
  expect(ports.size).toBeLessThanOrEqual(128);
});

test('large rows are written in several requests, which keep below the 10 MB that Upstash takes', async () => {
  const sizes: number[] = [];
  const server = await startUpstash(inject('redisUrl'), ({ headers }) => {
    sizes.push(Number(headers['content-length']));
  });
  onTestFinished(() => server.stop());
  const cache = openCache(server);
  const tenantId = newTenant();
  const entries = Array.from({ length: 24 }, (_, index) => ({
    tenantId,
    entityType: 'user',
    entityId: `user_${index}`,
    field: 'view',
    stored: rowOf(index, 0, '"'.repeat(512 * 1024)),
  }));
  await cache.writeNewest(entries);
  expect(Math.max(...sizes)).toBeLessThan(10_000_000);
  const reads = entries.map(({ entityId }) => ({ tenantId, entityType: 'user', entityId, fields: ['view'] }));
  expect((await cache.read(reads, [])).reads.map(([text]) => text)).toEqual(entries.map(({ stored }) => stored));
});

test('scripts that were forgotten are sent again', async () => {
  const cache = openCache();
  const admin = new Redis(inject('redisUrl'));
  onTestFinished(() => admin.disconnect());
  const tenantId = newTenant();
  const entity = { tenantId, entityType: 'user', entityId: 'one' };
  await admin.script('FLUSH');
  await cache.writeNewest([{ ...entity, field: 'view', stored: rowOf(5, 6) }]);
  await admin.script('FLUSH');
  await cache.publishEpoch(tenantId, 7);
  const answer = await cache.read([{ ...entity, fields: ['view'] }], [{ kind: 'epoch', tenantId }]);
  expect(answer).toEqual({ reads: [[rowOf(5, 6)]], along: [7] });
});
