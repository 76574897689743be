import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalKinesis, openKinesis } from '../../functions/local/kinesis.ts';
import { createKinesisLog } from '../../shared/delivery/index.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';
import { byEntity, type EntityType, entitiesOf, entityTypes, sayAsOf, sayOnline, sayOracle } from './replay/answers.ts';
import {
  createChance,
  day,
  definitionOf,
  eventsOf,
  type SentEvent,
  source,
  views,
  withDuplicates,
} from './replay/replay-stream.ts';

const eventsOfRequest = 4000;
const chance = createChance(20_260_201);
const events = eventsOf(40_000, chance, (Date.now() - 120_000) * 1000);
const delivered = withDuplicates(events, 0.1, chance);
const raw = 't_developmento.purchases_events';
const tenant1 = { key: 'tenant1_key' };

let stores: RealStores;
let kinesis: LocalKinesis;
let admin: pg.Pool;
/** A Redis that takes everything but writes, while they are held. */
let redis: CuttingProxy;
let areWritesHeld = false;
let isWriteWaiting = false;
let settings: Readonly<Record<string, string>>;
beforeAll(async () => {
  kinesis = await openKinesis({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_KINESIS: undefined });
  await kinesis.ensureStreams(['feature-store', 'purchases']);
  const endpoint = await kinesis.client.config.endpoint?.();
  stores = await startStores();
  admin = new pg.Pool({ connectionString: stores.postgres.url, max: 2 });
  redis = await startCuttingProxy(stores.redis.port, (bytes) => {
    if (!areWritesHeld || !/evalsha/i.test(bytes.toString('latin1'))) return 'pass';
    isWriteWaiting = true;
    return new Promise(() => {});
  });
  settings = {
    ...stores.settings,
    AWS_ENDPOINT_URL_KINESIS: `http://127.0.0.1:${endpoint?.port}`,
    STREAM_BINDINGS: JSON.stringify([{ stream: 'purchases', tenant: 'tenant1', source: 'purchases' }]),
  };
});
afterAll(async () => {
  await redis?.stop();
  await admin?.end();
  await stores?.stop();
  await kinesis?.close();
});

/** Each process reads the streams from their beginning: all but the first gets what was counted once more. */
test('each event counts once while consumers are killed within a transaction, and between its commit and the projection', async () => {
  const half = Math.floor(delivered.length / 2);
  const first = await start();
  const second = await start();
  try {
    await register(first);
    const writing = write(first, delivered.slice(0, half));
    await until('a consumer folds', 30_000, async () => (await countOf(`SELECT FROM ${raw}`)) > 1000);
    await untilFolding();
    await second.child.end('SIGKILL');
    await writing;
  } finally {
    await Promise.all([first.child.end('SIGKILL'), second.child.end('SIGKILL')]);
  }

  const third = await start({ REDIS_URL: `redis://127.0.0.1:${redis.port}`, CACHE_TIMEOUT_MS: '60000' });
  try {
    const counted = new Set(delivered.slice(0, half).map(({ eventId }) => eventId)).size;
    await until('it has what the others left', 60_000, async () => (await countOf(`SELECT FROM ${raw}`)) === counted);
    await until('nothing is pending', 20_000, async () => (await countOf(pending)) === 0);
    areWritesHeld = true;
    await appendBound(delivered.slice(half));
    await until('it has committed and waits for the cache', 30_000, async () => {
      return isWriteWaiting && (await countOf(pending)) > 0 && (await countOf(`SELECT FROM ${raw}`)) > counted;
    });
  } finally {
    await third.child.end('SIGKILL');
  }

  const last = await start();
  try {
    await until('all is counted', 60_000, async () => (await countOf(`SELECT FROM ${raw}`)) === events.length);
    await until('nothing is pending', 20_000, async () => (await countOf(pending)) === 0);
    for (const entityType of entityTypes) await expectOracle(last, entityType);
    expect(faultsLogged(last)).toEqual([]);
  } finally {
    await last.stop();
  }
}, 300_000);

function start(more: Readonly<Record<string, string>> = {}): Promise<LocalProcess> {
  return startLocal({ ...settings, ...more }, { args: ['--no-seed'] });
}

async function register(local: LocalProcess): Promise<void> {
  expect((await local.post('/api/v1/stream-sources', source)).status).toBe(201);
  for (const view of views) expect((await local.post('/api/v1/feature-views', definitionOf(view))).status).toBe(201);
}

async function write(local: LocalProcess, sent: readonly SentEvent[]): Promise<void> {
  for (let from = 0; from < sent.length; from += eventsOfRequest) {
    const part = sent.slice(from, from + eventsOfRequest).map(({ fields }) => fields);
    const answer = await local.post('/api/v1/events/purchases', { events: part });
    expect(answer.json, answer.text.slice(0, 500)).toMatchObject({ accepted: part.length, rejected: [] });
  }
}

/** As another producer would, in envelopes of twenty on a stream that is bound. */
async function appendBound(sent: readonly SentEvent[]): Promise<void> {
  const records = Map.groupBy(sent.entries(), ([place]) => Math.floor(place / 20));
  const bodies = [...records.values()].map((of) => `{"events":[${of.map(([, { json }]) => json).join(',')}]}`);
  const log = createKinesisLog(kinesis.client, 'purchases');
  await log.append(bodies.map((body, place) => ({ partitionKey: String(place), data: Buffer.from(body) })));
}

const pending = 'SELECT FROM feature_store.pending_projections';

async function countOf(select: string): Promise<number> {
  const { rows } = await admin.query(`SELECT count(*)::int AS count FROM (${select}) AS found`);
  return rows[0].count;
}

/** Until a transaction is open that has written tiles. */
async function untilFolding(): Promise<void> {
  const open = `SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND query LIKE '%newest_event_time%'`;
  await until('tiles are written', 30_000, async () => (await countOf(open)) > 0);
}

async function expectOracle(local: LocalProcess, entityType: EntityType): Promise<void> {
  const grouped = byEntity(entityType, events);
  const oracle = (entityId: string, micros: number) => sayOracle(entityType, grouped.get(entityId) ?? [], micros);
  const ofMoments = createChance(11);
  const moments = entitiesOf(entityType)
    .slice(0, 60)
    .flatMap((entityId) =>
      Array.from({ length: 8 }, () => ({
        entityId,
        micros: Math.floor(Date.now() * 1000 - ofMoments() ** 2 * 10 * day),
      })),
    );
  const expected = moments.map(({ entityId, micros }) => oracle(entityId, micros));
  expect(await sayAsOf(local, tenant1, entityType, moments)).toEqual(expected);
  // Windows slide between two looks at the clock: it is right as of one of them.
  await vi.waitFor(
    async () => {
      const now = Date.now() * 1000;
      const said = await sayOnline(local, tenant1, entityType);
      expect(said).toEqual(Object.fromEntries(entitiesOf(entityType).map((id) => [id, oracle(id, now)])));
    },
    { timeout: 30_000 },
  );
}
