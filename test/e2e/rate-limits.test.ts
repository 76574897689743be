import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { type LoadFigures, runPacedLoad } from './limits/paced-load.ts';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores } from './local-process.ts';
import { clockAhead } from './moved-clock.ts';

const platformKey = 'the platform key of the tests';
const seconds = 10;
const limit = { requests_per_second: 200, burst: 200 };

let stores: RealStores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores?.stop());

describe.each(['one server', 'a cluster'])('two processes that share a Redis, %s,', (kind) => {
  let processes: LocalProcess[] = [];
  let cluster: Awaited<ReturnType<typeof startRedisCluster>> | undefined;
  beforeAll(async () => {
    if (kind === 'a cluster') cluster = await startRedisCluster();
    const settings = {
      ...stores.settings,
      ...(cluster === undefined ? {} : { REDIS_URL: cluster.url }),
      PLATFORM_API_KEY: platformKey,
    };
    // One after the other: both make what they find missing.
    const one = await startLocal(settings, { args: ['--no-seed'] });
    // An hour ahead: one that counted by its own clock would find every bucket full, and leave it empty for the other.
    const other = await startLocal(settings, { args: ['--no-seed'], nodeArgs: ['--import', clockAhead(3_600_000)] });
    processes = [one, other];
  });
  afterAll(async () => {
    await Promise.all(processes.map((local) => local.stop()));
    await cluster?.stop();
  });

  test('hold a limit within 2 % under three times as many requests, and another tenant is answered as before', async () => {
    const [limited, other] = [await makeTenant(limit), await makeTenant(null)];
    const alone = await load(other, 100);
    const [crowd, beside] = await Promise.all([load(limited, 3 * limit.requests_per_second), load(other, 100)]);
    const most = limit.burst + limit.requests_per_second * crowd.seconds;
    process.stdout.write(
      `\nRedis, ${kind}: of ${crowd.taken + crowd.refused} requests ${crowd.taken} taken in ${crowd.seconds.toFixed(2)} s, ` +
        `${((100 * crowd.taken) / most).toFixed(2)} % of the limit. ` +
        `The other tenant: p50 ${beside.p50Millis.toFixed(1)} ms, p99 ${beside.p99Millis.toFixed(1)} ms; ` +
        `alone ${alone.p50Millis.toFixed(1)} and ${alone.p99Millis.toFixed(1)} ms\n`,
    );
    expect(crowd.taken).toBeLessThanOrEqual(1.02 * most);
    expect(crowd.taken).toBeGreaterThanOrEqual(0.98 * most);
    expect(beside).toMatchObject({ refused: 0, taken: 100 * seconds, faults: [] });
    expect([...crowd.faults, ...alone.faults]).toEqual([]);
    for (const local of processes) expect(faultsLogged(local)).toEqual([]);
  });

  /** A tenant with a view of its own; its admin key. */
  async function makeTenant(rate_limit: typeof limit | null): Promise<string> {
    const [one] = processes;
    if (one === undefined) throw new Error('no process was started');
    const name = `acme-${crypto.randomUUID()}`;
    const made = await send(one, '/api/v1/tenants', platformKey, { name, rate_limit });
    const { key } = made.api_key;
    await send(one, '/api/v1/feature-views', key, {
      name: 'profile',
      entity_type: 'user',
      features: [{ name: 'age', dtype: 'int64' }],
    });
    return key;
  }

  /** So many requests a second, of both processes in turn. */
  function load(key: string, requestsPerSecond: number): Promise<LoadFigures> {
    return runPacedLoad({
      urls: processes.map(({ url }) => url),
      path: '/api/v1/features/online',
      body: { entity_id: 'u1', feature_names: ['age'] },
      ...{ key, requestsPerSecond, seconds },
    });
  }
});

async function send({ url }: LocalProcess, path: string, key: string, body: unknown) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return JSON.parse(await response.text());
}
