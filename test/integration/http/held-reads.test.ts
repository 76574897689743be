import { expect, inject, onTestFinished, test } from 'vitest';
import { composeCache } from '../../../functions/composition/core.ts';
import { createRespCache, guardCache, holdReads, type OnlineCache } from '../../../shared/cache/index.ts';
import { type Clock, createSystemClock } from '../../../shared/platform/clock.ts';
import { readEnvironment } from '../../../shared/platform/environment.ts';
import { createLogger } from '../../../shared/platform/logger.ts';
import { createFeatureStore } from '../../support/feature-store.ts';
import { startRedis } from '../../support/redis.ts';
import { purchases, sourcesPath, spend, viewsPath } from '../streams/streams-setup.ts';
import { limitedKey, slow, view } from './rate-limits-setup.ts';

const holdMillis = 50;

/** A store that holds what it reads, by a clock that the test sets; `theirs` is the same cache as another process has it. */
async function openHolding({ url = inject('redisUrl'), clock }: { url?: string; clock?: Clock } = {}) {
  const theirs = createRespCache({ url, ttlSeconds: 3600, generation: 1, timeoutMillis: 1000 });
  onTestFinished(() => theirs.close());
  /** Of each trip the entities that it asked for. */
  const trips: string[][] = [];
  let millis = 0;
  const guarded = guardCache(createRespCache({ url, ttlSeconds: 3600, generation: 1, timeoutMillis: 1000 }));
  const counted: OnlineCache = {
    ...guarded,
    read: (reads, along) => {
      trips.push(reads.map(({ entityId }) => entityId));
      return guarded.read(reads, along);
    },
  };
  const cache = holdReads(counted, { holdMillis, now: () => ({ steadyMillis: millis, wallMillis: millis }) });
  const store = await createFeatureStore({ replace: { cache }, ...(clock === undefined ? {} : { clock }) });
  onTestFinished(() => store.close());
  const registered = await store.post(viewsPath, { ...view, ttl_hours: 1 });
  expect(registered.status, registered.text).toBe(201);
  const { tenantId } = store.tenant.ctx;
  const ingest = async (country: string, secondsAgo: number): Promise<void> => {
    const event_time = new Date(Date.now() - secondsAgo * 1000).toISOString();
    const rows = [{ entity_id: 'u1', event_time, values: { country } }];
    expect((await store.post('/api/v1/features/ingest', { view: view.name, rows })).status).toBe(200);
  };
  return {
    store,
    trips,
    ingest,
    pass: (passed: number) => {
      millis += passed;
    },
    theirsWrite: (country: string) => {
      const nowMicros = Date.now() * 1000;
      const stored = JSON.stringify([nowMicros, nowMicros, 1, country]);
      return theirs.writeNewest([{ tenantId, entityType: 'user', entityId: 'u1', field: `${view.name}_v1`, stored }]);
    },
    read: async (feature_names = ['country']) => {
      const body = { entity_id: 'u1', feature_names };
      const { status, json, text } = await store.post('/api/v1/features/online', body);
      expect(status, text).toBe(200);
      return json;
    },
  };
}

test('what another process wrote is answered once the time that is allowed has passed since the row was asked for', async () => {
  const { read, ingest, theirsWrite, pass, trips } = await openHolding();
  await ingest('DE', 60);
  expect((await read()).features).toEqual({ country: 'DE' });
  await theirsWrite('PL');
  trips.length = 0;
  pass(holdMillis - 1);
  expect((await read()).features).toEqual({ country: 'DE' });
  expect(trips).toEqual([]);
  pass(1);
  expect((await read()).features).toEqual({ country: 'PL' });
  expect(trips).toEqual([['u1']]);
});

test('what this process wrote or invalidated is answered by its next read', async () => {
  const { store, read, ingest, theirsWrite } = await openHolding();
  for (const [secondsAgo, country] of ['DE', 'PL', 'FR'].entries()) {
    await ingest(country, 60 - secondsAgo);
    expect((await read()).features).toEqual({ country });
  }
  await theirsWrite('ES');
  expect((await read()).features).toEqual({ country: 'FR' });
  expect((await store.request('DELETE', '/api/v1/cache/invalidate/u1?entity_type=user')).status).toBe(200);
  // Postgres has not heard of theirs.
  expect((await read()).features).toEqual({ country: 'FR' });
  await theirsWrite('IT');
  await ingest('SE', 50);
  expect((await read()).features).toEqual({ country: 'IT' });
});

test('a row that is held grows older, and is outside its view’s TTL when it would be anyway', async () => {
  const system = createSystemClock();
  let aheadMicros = 0;
  const nowMicros = (): number => system.nowMicros() + aheadMicros;
  const clock = { nowMicros, arrivalMicros: () => system.arrivalMicros() + aheadMicros };
  const { read, ingest, trips } = await openHolding({ clock });
  await ingest('DE', 3500);
  const { metadata } = await read();
  expect(metadata.country.status).toBe('PRESENT');
  trips.length = 0;
  aheadMicros = 200_000_000;
  const later = await read();
  expect(later.metadata.country.status).toBe('OUTSIDE_MAX_AGE');
  expect(later.metadata.country.age_seconds).toBeGreaterThanOrEqual(metadata.country.age_seconds + 200);
  expect(later.features).toEqual({ country: null });
  // The registry's epoch, which is asked for each second.
  expect(trips).toEqual([[]]);
});

test('an entity’s windows are read from the cache each time, and rows that are read with them', async () => {
  const { store, read, ingest, trips } = await openHolding();
  expect((await store.post(sourcesPath, purchases)).status).toBe(201);
  expect((await store.post(viewsPath, spend)).status).toBe(201);
  await ingest('DE', 60);
  await read(['country']);
  await read(['purchases_ever']);
  trips.length = 0;
  for (const names of [['purchases_ever'], ['country', 'purchases_ever']]) {
    for (let round = 0; round < 2; round++) await read(names);
  }
  expect(trips).toEqual(new Array(4).fill(['u1']));
});

test('a read of what is held counts against the limit of its key', async () => {
  const { store, ingest, trips } = await openHolding();
  await ingest('DE', 60);
  const key = await limitedKey(store, slow(3));
  const body = { entity_id: 'u1', feature_names: ['country'] };
  const statuses: number[] = [];
  while (!statuses.includes(429)) {
    statuses.push((await store.post('/api/v1/features/online', body, { key })).status);
  }
  expect(statuses.length).toBeGreaterThan(3);
  expect(trips.filter((asked) => asked.length > 0)).toEqual([['u1']]);
});

test('while Redis is away what is held is answered as long as it may be, and Postgres after it', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const { read, ingest, theirsWrite, pass } = await openHolding({ url: redis.url });
  await ingest('DE', 60);
  await theirsWrite('PL');
  await read();
  await redis.kill();
  // Postgres has not heard of theirs.
  expect((await read()).features).toEqual({ country: 'PL' });
  pass(holdMillis);
  expect((await read()).features).toEqual({ country: 'DE' });
});

test.each([
  ['', '[2,2,1]'],
  ['0', '[2,2,1]'],
  ['5000', '[1,1,1]'],
])('with CACHE_HOLD_MS=%s a row that another process replaced is read as %s', async (CACHE_HOLD_MS, expected) => {
  const environment = readEnvironment({ REDIS_URL: inject('redisUrl'), CACHE_TIMEOUT_MS: '1000', CACHE_HOLD_MS });
  const logger = createLogger({ level: 'silent', buffered: false });
  const [ours, theirs] = [composeCache(environment, logger), composeCache(environment, logger)];
  onTestFinished(async () => {
    await Promise.all([ours.close(), theirs.close()]);
  });
  const entity = { tenantId: `t_${crypto.randomUUID()}`, entityType: 'user', entityId: 'u1' };
  const readOurs = async () => (await ours.read([{ ...entity, fields: ['view'], mayBeHeld: true }], [])).reads[0]?.[0];
  await theirs.writeNewest([{ ...entity, field: 'view', stored: '[1,1,1]' }]);
  expect(await readOurs()).toBe('[1,1,1]');
  await theirs.writeNewest([{ ...entity, field: 'view', stored: '[2,2,1]' }]);
  expect(await readOurs()).toBe(expected);
});
