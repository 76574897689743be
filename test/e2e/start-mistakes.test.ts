import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { startPostgres } from '../support/postgres.ts';
import { startLocal } from './local-process.ts';
import { type Ended, runToEnd } from './short-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feature-store-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('wrong values in the environment end the start with a sentence for each', async () => {
  const ended = await start({ PORT: 'abc', LOG_LEVEL: 'loud' });
  expect(ended.stderr).toBe(
    'LOG_LEVEL is one of trace, debug, info, warn, error, fatal, silent (it is "loud").\n' +
      'PORT is a whole number from 0 to 65535 (it is "abc").\n',
  );
  expect(ended.code).toBe(1);
});

test('an unknown option ends the start with the options that there are', async () => {
  const ended = await start({ PORT: '0' }, ['--seed']);
  expectOneSentence(ended, "Unknown option '--seed'. The options are --memory, --no-seed and --no-sample-events.");
});

test('a port in use ends the start with one sentence, before anything is written', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  try {
    const ended = await start({ PORT: String(port) });
    expectOneSentence(ended, `Port ${port} is in use: stop what listens there, or set PORT to another.`);
    expect(ended.millis).toBeLessThan(10_000);
  } finally {
    server.close();
  }
});

test('a host that is no address of the machine ends the start with one sentence', async () => {
  expectOneSentence(await start({ HOST: '192.0.2.1' }), /^HOST "192.0.2.1" is no address of this machine/);
});

test('a Postgres that refuses the login, or has no such database, ends the start with one sentence', async () => {
  const postgres = await startPostgres();
  const changed = (part: 'password' | 'pathname', value: string): string => {
    const url = new URL(postgres.url);
    url[part] = value;
    return url.href;
  };
  try {
    expectOneSentence(
      await start({ POSTGRES_URL: changed('password', 'wrong') }, ['--memory']),
      'POSTGRES_URL: Postgres refuses: password authentication failed for user "postgres".',
    );
    expectOneSentence(
      await start({ POSTGRES_URL: changed('pathname', '/nowhere') }, ['--memory']),
      'POSTGRES_URL: Postgres refuses: database "nowhere" does not exist.',
    );
  } finally {
    await postgres.stop();
  }
});

test('a Redis or a Postgres with an address that cannot be one is named in one sentence', async () => {
  expectOneSentence(await start({ REDIS_URL: 'redis://a,b' }, ['--memory']), /^REDIS_URL: /);
  expectOneSentence(await start({ POSTGRES_URL: 'postgres://a:b/c@d/e' }, ['--memory']), /^POSTGRES_URL /);
});

test('a data folder that is a file is named in one sentence', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  expectOneSentence(await start({ DATA_FOLDER: file }), /^DATA_FOLDER .* is no folder to write to/);
});

test('a second process on a data folder is refused, and a lock that a crash left is not', async () => {
  const shared = join(folder, 'shared');
  const first = await startLocal({ DATA_FOLDER: shared }, { args: ['--no-seed'] });
  try {
    expectOneSentence(
      await start({ DATA_FOLDER: shared }),
      new RegExp(`^${shared} is in use by the process ${first.child.pid}: stop that one, or set DATA_FOLDER`),
    );
    expect((await first.request('GET', '/health/ready')).status).toBe(200);
  } finally {
    await first.child.end('SIGKILL');
  }
  const next = await startLocal({ DATA_FOLDER: shared }, { args: ['--no-seed'] });
  try {
    expect((await next.request('GET', '/health/ready')).status).toBe(200);
  } finally {
    await next.stop();
  }
});

test('a Postgres that does not answer is said at the start, which goes on', async () => {
  const local = await startLocal(
    { POSTGRES_URL: `postgres://a:b@127.0.0.1:${await freePort()}/c` },
    { args: ['--memory'] },
  );
  try {
    expect(local.child.output()).toContain('Postgres does not answer now');
    expect((await local.request('GET', '/health')).status).toBe(200);
  } finally {
    await local.stop();
  }
});

test('a DynamoDB that does not answer is said at the start, which goes on', async () => {
  const local = await startLocal(
    { AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${await freePort()}` },
    { args: ['--memory'] },
  );
  try {
    expect(local.child.output()).toContain('DynamoDB (AWS_ENDPOINT_URL_DYNAMODB) does not answer now');
    expect((await local.request('GET', '/health')).status).toBe(200);
    expect((await local.read('user_1', ['user_age'])).json).toMatchObject({ status: 503, code: 'unavailable' });
  } finally {
    await local.stop();
  }
});

async function start(settings: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Ended> {
  const defaults = { PORT: String(await freePort()), DATA_FOLDER: join(folder, crypto.randomUUID()) };
  return runToEnd(process.execPath, ['functions/local.ts', ...args], { ...defaults, ...settings });
}

function expectOneSentence({ code, stderr, stdout }: Ended, sentence: string | RegExp): void {
  const [line = '', ...others] = stderr.split('\n');
  expect(others).toEqual(['']);
  if (typeof sentence === 'string') expect(line).toBe(sentence);
  else expect(line).toMatch(sentence);
  expect(stdout).toBe('');
  expect(code).toBe(1);
}
