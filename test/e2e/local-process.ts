import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild } from '../support/child-process.ts';
import { type DynaliteServer, startDynalite } from '../support/dynalite.ts';
import type { Answer } from '../support/feature-store.ts';
import { freePort } from '../support/free-port.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

export interface LocalProcess {
  readonly url: string;
  readonly child: Child;
  /** As tenant1. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  /** One entity read online. */
  read(entityId: string, names: readonly string[], more?: object): Promise<Answer>;
  ingest(view: string, values: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<Answer>;
  stop(): Promise<void>;
}

/** Only what is given, beside what a process needs to run: a developer's own settings must not decide a test. */
export function environmentOf(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), LOG_LEVEL: 'warn', ...settings };
}

/** `node functions/local.ts` on a free port, ready to answer. */
export async function startLocal(
  settings: Readonly<Record<string, string>>,
  { args = [], nodeArgs = [] }: { args?: readonly string[]; nodeArgs?: readonly string[] } = {},
): Promise<LocalProcess> {
  const port = await freePort();
  const child = await startChild({
    command: process.execPath,
    args: [...nodeArgs, 'functions/local.ts', ...args],
    readyWhen: /Feature Store is ready at/,
    env: environmentOf({ PORT: String(port), ...settings }),
  });
  return { ...clientOf(`http://127.0.0.1:${port}`), child, stop: () => child.end('SIGTERM') };
}

/** A client of a process, as tenant1. */
export function clientOf(url: string): Omit<LocalProcess, 'child' | 'stop'> {
  const request = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'x-api-key': 'tenant1_key', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      text,
      json: text === '' ? undefined : JSON.parse(text),
      headers: response.headers,
    };
  };
  const post = (path: string, body: unknown): Promise<Answer> => request('POST', path, body);
  return {
    url,
    request,
    post,
    read: (entity_id, feature_names, more) => post('/api/v1/features/online', { entity_id, feature_names, ...more }),
    ingest: (view, values) => {
      const event_time = new Date().toISOString();
      const rows = Object.entries(values).map(([entity_id, given]) => ({ entity_id, event_time, values: given }));
      return post('/api/v1/features/ingest', { view, rows });
    },
  };
}

export interface RealStores {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly dynalite: DynaliteServer;
  /** What makes a process use them. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startStores(): Promise<RealStores> {
  const [postgres, redis, dynalite] = await Promise.all([startPostgres(), startRedis(), startDynalite()]);
  return {
    postgres,
    redis,
    dynalite,
    settings: { POSTGRES_URL: postgres.url, REDIS_URL: redis.url, AWS_ENDPOINT_URL_DYNAMODB: dynalite.url },
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop(), dynalite.stop()]);
    },
  };
}

/** Asks again and again until the condition holds; answers after how many milliseconds it did. */
export async function until(
  what: string,
  withinMillis: number,
  condition: () => Promise<boolean> | boolean,
): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    if (await condition()) return performance.now() - startedAt;
    if (performance.now() - startedAt > withinMillis) throw new Error(`not within ${withinMillis} ms: ${what}`);
    await delay(10);
  }
}

/** Lines of a process's log that nothing but a fault in it would write. */
export function faultsLogged({ child }: LocalProcess): string[] {
  return child
    .output()
    .split('\n')
    .filter((line) => /"level":"(error|fatal)"|unhandled|uncaught|^\s+at /i.test(line));
}
