import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';

let stores: RealStores;
let one: LocalProcess;
let other: LocalProcess;
beforeAll(async () => {
  stores = await startStores();
  one = await startLocal(stores.settings, { args: ['--no-seed'] });
  other = await startLocal(stores.settings, { args: ['--no-seed'] });
});
afterAll(async () => {
  await Promise.all([one?.stop(), other?.stop()]);
  await stores?.stop();
});

/** A second, and what the requests take on a machine that has other things to do. */
const aSecond = 1500;

const conditions = [
  { redis: 'up', prepare: async () => {}, mend: async () => {} },
  { redis: 'wiped', prepare: wipeRedis, mend: async () => {} },
  { redis: 'down', prepare: () => stores.redis.kill(), mend: () => stores.redis.start() },
] as const;

describe.each(conditions)('what one process registers with Redis $redis', ({ prepare, mend }) => {
  let view: string;
  beforeAll(() => prepare());
  afterAll(() => mend());
  beforeEach(() => {
    view = `v_${crypto.randomUUID().replaceAll('-', '')}`;
  });

  test('is a view that the other reads and writes within a second', async () => {
    await registerView(view, [`${view}_a`]);
    await until('the other reads it', aSecond, async () => (await other.read('u', [`${view}_a`])).status === 200);
    expect((await other.ingest(view, { u: { [`${view}_a`]: 1 } })).status).toBe(200);
    expect((await one.read('u', [`${view}_a`])).json.features).toEqual({ [`${view}_a`]: 1 });
  });

  test('is a single feature that the other reads within a second', async () => {
    const registered = await one.post('/api/v1/features/register', {
      name: view,
      dtype: 'int64',
      entity_type: 'user',
    });
    expect(registered.status, registered.text).toBe(201);
    await until('the other reads it', aSecond, async () => (await other.read('u', [view])).status === 200);
  });

  test('is a feature more of a view that the other has plans of, and the new values in it', async () => {
    await registerView(view, [`${view}_a`]);
    await one.ingest(view, { u: { [`${view}_a`]: 1 } });
    await until('the other knows the view', aSecond, async () => (await other.read('u', [`${view}_a`])).status === 200);
    await registerView(view, [`${view}_a`, `${view}_b`]);
    await until('the other takes rows of it', aSecond, async () => {
      return (await other.ingest(view, { w: { [`${view}_a`]: 3, [`${view}_b`]: 4 } })).status === 200;
    });
    await one.ingest(view, { u: { [`${view}_a`]: 1, [`${view}_b`]: 2 } });
    const both = [`${view}_a`, `${view}_b`];
    await until('the other reads both', aSecond, async () => (await other.read('u', both)).status === 200);
    expect((await other.read('u', both)).json.features).toEqual({ [`${view}_a`]: 1, [`${view}_b`]: 2 });
    expect((await one.read('w', both)).json.features).toEqual({ [`${view}_a`]: 3, [`${view}_b`]: 4 });
  });

  test('is a newer version of a view under a name that the other has plans of', async () => {
    await registerView(view, [`${view}_a`]);
    await until('the other knows it', aSecond, async () => (await other.read('u', [`${view}_a`])).status === 200);
    await registerView(view, [`${view}_a`], 'string');
    await one.ingest(view, { u: { [`${view}_a`]: 'text' } });
    await until('the other reads the newer version', aSecond, async () => {
      const { json } = await other.read('u', [`${view}_a`]);
      return json.metadata[`${view}_a`].version === 2 && json.features[`${view}_a`] === 'text';
    });
  });

  test('is a service, and a newer version of it', async () => {
    await registerView(view, [`${view}_a`, `${view}_b`]);
    const read = () => other.post('/api/v1/features/online', { entity_id: 'u', feature_service: view });
    await registerService(view, [`${view}_a`]);
    await until('the other reads it', aSecond, async () => (await read()).status === 200);
    await registerService(view, [`${view}_a`, `${view}_b`]);
    await until('the other reads it anew', aSecond, async () => Object.keys((await read()).json.features).length === 2);
  });

  test('has rows that the other reads at once, as it does their corrections', async () => {
    await registerView(view, [`${view}_a`]);
    await until('the other knows it', aSecond, async () => (await other.read('u', [`${view}_a`])).status === 200);
    for (let value = 0; value < 50; value++) {
      const [writer, reader] = value % 2 === 0 ? [one, other] : [other, one];
      expect((await writer.ingest(view, { u: { [`${view}_a`]: value } })).status).toBe(200);
      expect((await reader.read('u', [`${view}_a`])).json.features).toEqual({ [`${view}_a`]: value });
    }
  });
});

test('neither process logged a fault in all this', () => {
  expect([...faultsLogged(one), ...faultsLogged(other)]).toEqual([]);
});

async function registerView(name: string, features: readonly string[], dtype = 'int64'): Promise<void> {
  const answer = await one.post('/api/v1/feature-views', {
    name,
    entity_type: 'user',
    features: features.map((feature) => ({ name: feature, dtype })),
  });
  expect([200, 201], answer.text).toContain(answer.status);
}

async function registerService(name: string, features: readonly string[]): Promise<void> {
  const answer = await one.post('/api/v1/feature-services', { name, features });
  expect([200, 201], answer.text).toContain(answer.status);
}

async function wipeRedis(): Promise<void> {
  const client = new Redis(stores.redis.url);
  await client.flushall();
  client.disconnect();
}
