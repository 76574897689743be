import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { deadLetterKey, readDeadLetter, writeDeadLetter } from '../../../shared/delivery/dead-letter.ts';
import type { DeadLetterStore } from '../../../shared/delivery/dead-letter-store.ts';
import { createFolderDeadLetters } from '../../../shared/delivery/folder-dead-letters.ts';
import { createS3DeadLetters } from '../../../shared/delivery/s3-dead-letters.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import { recordOf } from './records.ts';

async function listed(store: DeadLetterStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys;
}

/** As much of S3 as the store asks for, two keys a page. */
async function startS3(): Promise<string> {
  const objects = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://s3');
    const key = decodeURIComponent(url.pathname.replace(/^\/letters\/?/, ''));
    if (request.method === 'PUT') objects.set(key, await text(request));
    if (request.method === 'DELETE') objects.delete(key);
    if (request.method !== 'GET') return response.end();
    if (key !== '') {
      const found = objects.get(key);
      response.statusCode = found === undefined ? 404 : 200;
      return response.end(found ?? '<Error><Code>NoSuchKey</Code></Error>');
    }
    const after = url.searchParams.get('continuation-token') ?? '';
    const prefix = url.searchParams.get('prefix') ?? '';
    const keys = [...objects.keys()].sort().filter((name) => name.startsWith(prefix) && name > after);
    const page = keys.slice(0, 2);
    const next = keys.length > 2 ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    const contents = page.map((name) => `<Contents><Key>${name}</Key></Contents>`).join('');
    return response.end(
      `<ListBucketResult><IsTruncated>${next !== ''}</IsTruncated>${next}${contents}</ListBucketResult>`,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${z.object({ port: z.number() }).parse(server.address()).port}`;
}

const stores: [string, () => Promise<DeadLetterStore>][] = [
  [
    'a folder',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'feature-store-dead-letters-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      return createFolderDeadLetters(join(folder, 'made when needed'));
    },
  ],
  ['a bucket', async () => createS3DeadLetters({ bucket: 'letters', region: 'us-east-1', endpoint: await startS3() })],
];

test.each(stores)('%s keeps letters by key, the last of a key', async (_, open) => {
  const store = await open();
  expect(await listed(store, '')).toEqual([]);
  const keys = ['2026-01-31/(none)/s/0-1.json', '2026-01-31/acme/s/0-1.json', '2026-02-01/acme/s.t/0-1.json'];
  for (const key of keys) await store.put(key, `first of ${key}`);
  for (const key of keys) await store.put(key, `text of ${key}`);
  expect(await listed(store, '')).toEqual(keys);
  expect(await listed(store, '2026-01-31/acme/')).toEqual([keys[1]]);
  expect(await store.get(keys[1] ?? '')).toBe(`text of ${keys[1]}`);
  await store.remove(keys[1] ?? '');
  await store.remove(keys[1] ?? '');
  expect(await store.get(keys[1] ?? '')).toBeUndefined();
  expect(await listed(store, '')).toEqual([keys[0], keys[2]]);
});

test('no key leads out of the folder', async () => {
  const store = createFolderDeadLetters(join(tmpdir(), 'none'));
  for (const key of ['../a.json', 'a/../b.json', 'a//b.json', './a.json', 'a\\b.json']) {
    await expect(store.put(key, '')).rejects.toThrow('no key');
  }
});

test('a bucket that is away is said to be', async () => {
  const store = createS3DeadLetters({ bucket: 'letters', region: 'us-east-1', endpoint: 'http://127.0.0.1:1' });
  await expect(store.put('a.json', '')).rejects.toThrow(UnavailableError);
});

describe('a dead letter', () => {
  const target = { kind: 'source', name: 'clicks' } as const;
  const letter = { record: recordOf(Buffer.from([0xff, 0])), tenant: 'acme', target, reason: 'r', detail: 'd' };

  test('has a key of its record alone', () => {
    expect(deadLetterKey(letter)).toBe(
      '2018-12-17/acme/clicks/shardId-000000000006-49590338271490256608559692538361571095921575989136588898.json',
    );
    expect(deadLetterKey({ ...letter, tenant: undefined })).toContain('/(none)/');
  });

  test('gives its record again, and where parts were refused those alone', () => {
    expect(readDeadLetter(writeDeadLetter(letter))).toEqual(letter.record);
    const refused = [{ index: 3, code: 'wrong_type', detail: '' }];
    expect(readDeadLetter(writeDeadLetter({ ...letter, refused }))).toEqual({ ...letter.record, places: [3] });
  });

  test('is told from what is none', () => {
    for (const other of ['', '{}', 'null', '[]', '{"transport":"sqs"}']) expect(readDeadLetter(other)).toBeUndefined();
  });
});
