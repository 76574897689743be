import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';
import { type ReadStream, startReadStream } from './read-stream.ts';

let stores: RealStores;
let local: LocalProcess;
beforeAll(async () => {
  stores = await startStores();
  local = await startLocal(stores.settings, { args: ['--no-seed'] });
  const answer = await local.post('/api/v1/feature-views', {
    name: 'counter',
    entity_type: 'user',
    features: [{ name: 'count', dtype: 'int64' }],
  });
  expect(answer.status, answer.text).toBe(201);
});
afterAll(async () => {
  await local?.stop();
  await stores?.stop();
});

describe('under a steady stream of reads and writes', () => {
  let stream: ReadStream;
  beforeEach(async () => {
    stream = await startReadStream(local, { view: 'counter', feature: 'count', entities: 20, readers: 4 });
  });
  afterEach(() => stream.stop());

  /** Until so many more reads were answered, with a write for every twentieth. */
  async function goOn(reads: number): Promise<void> {
    const end = stream.reads() + reads;
    let next = stream.reads();
    await until(`${reads} reads`, 30_000, async () => {
      if (stream.reads() >= next) {
        next += 20;
        expect(await stream.write()).toBe(200);
      }
      return stream.reads() >= end;
    });
  }

  test('a Redis that is killed and comes back empty costs no request and no right value', async () => {
    await goOn(200);
    await stores.redis.kill();
    await goOn(400);
    await stores.redis.start();
    await goOn(200);
    await until('the cache is used again', 5000, async () => (await stateOfCache()) === 'up');
    await goOn(400);
    expect(stream.failures).toEqual([]);
    expect(stream.wrong).toEqual([]);
    expect(faultsLogged(local)).toEqual([]);
  });

  test('a Redis that is frozen and thawed costs no request, and none of the older values that it kept is read', async () => {
    await goOn(200);
    stores.redis.pause();
    const pausedAt = performance.now();
    await goOn(400);
    await until('connections to the frozen Redis are given up', 5000, () => performance.now() - pausedAt > 3000);
    await goOn(20);
    stores.redis.resume();
    await goOn(200);
    await until('the cache is used again', 5000, async () => (await stateOfCache()) === 'up');
    await goOn(400);
    expect(stream.failures).toEqual([]);
    expect(stream.wrong).toEqual([]);
    expect(faultsLogged(local)).toEqual([]);
  });

  async function stateOfCache(): Promise<unknown> {
    const answer = await local.request('GET', '/health/ready');
    return answer.json.dependencies.cache.status;
  }
});
