import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { composeCache } from '../../functions/composition/core.ts';
import { composeApp } from '../../functions/local/compose-app.ts';
import { developmentKeys } from '../../functions/local/development-tenants.ts';
import { createSystemClock } from '../../shared/platform/clock.ts';
import { readEnvironment } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { createPrometheusTelemetry } from '../../shared/platform/prometheus.ts';
import { createDynamoDb } from '../../shared/platform/sdk-dynamodb.ts';
import { absentKinesis } from '../support/absent-kinesis.ts';
import { startGate } from './gate.ts';
import { type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';

const view = {
  name: 'account',
  entity_type: 'user',
  features: [{ name: 'balance', dtype: 'int64' }],
};
const noSeed = { args: ['--no-seed'] };

let stores: RealStores;
let admin: pg.Pool;
beforeAll(async () => {
  stores = await startStores();
  admin = new pg.Pool({ connectionString: stores.postgres.url, max: 1 });
});
afterAll(async () => {
  await admin?.end();
  await stores?.stop();
});

let user: string;
beforeEach(() => {
  user = crypto.randomUUID();
});

test('what a crash left unprojected is brought by another process that runs already, within two seconds', async () => {
  const other = await startLocal(stores.settings, noSeed);
  try {
    await crashBetweenCommitAndProjection();
    // A second until it counts as left over, a second until the next sweep.
    await until('the value is the committed one', 2500, async () => (await balance(other)) === 2);
    await expectNothingPending();
  } finally {
    await other.stop();
  }
});

test('what a crash left unprojected is there in the process that starts next, from its first answer', async () => {
  await crashBetweenCommitAndProjection();
  await until(
    'the left-over is one',
    5000,
    async () => (await countPending("created_at < now() - interval '1 second'")) === 1,
  );
  const next = await startLocal(stores.settings, noSeed);
  try {
    expect(await balance(next)).toBe(2);
    await expectNothingPending();
  } finally {
    await next.stop();
  }
});

test('where no sweep runs, the next write of the tenant brings what a crash left unprojected', async () => {
  await crashBetweenCommitAndProjection();
  await until(
    'the left-over is one',
    5000,
    async () => (await countPending("created_at < now() - interval '1 second'")) === 1,
  );
  const { ask, close } = composeWithoutSweep();
  try {
    expect(await balanceBy(ask)).toBe(1);
    const row = { entity_id: 'another', event_time: new Date().toISOString(), values: { balance: 5 } };
    await ask('/api/v1/features/ingest', { view: view.name, rows: [row] });
    expect(await balanceBy(ask)).toBe(2);
    await expectNothingPending();
  } finally {
    await close();
  }
});

/** Leaves the balance 1 in the cache, and 2 committed in Postgres by a process that was killed before it could project it. */
async function crashBetweenCommitAndProjection(): Promise<void> {
  const gate = await startGate(stores.redis.port);
  const settings = {
    ...stores.settings,
    REDIS_URL: `redis://127.0.0.1:${gate.port}`,
    // The write waits for the gate, and is killed while it waits.
    CACHE_TIMEOUT_MS: '60000',
  };
  const doomed = await startLocal(settings, noSeed);
  try {
    const registered = await doomed.post('/api/v1/feature-views', view);
    expect([200, 201], registered.text).toContain(registered.status);
    expect((await doomed.ingest(view.name, { [user]: { balance: 1 } })).status).toBe(200);
    expect(await balance(doomed)).toBe(1);
    gate.hold();
    const write = doomed.ingest(view.name, { [user]: { balance: 2 } }).then(
      ({ status }) => status,
      () => 'cut off',
    );
    await until('the rows are committed', 5000, async () => (await countPending('true')) === 1);
    await doomed.child.end('SIGKILL');
    expect(await write).toBe('cut off');
  } finally {
    await doomed.child.end('SIGKILL');
    await gate.stop();
  }
}

async function countPending(condition: string): Promise<number> {
  const { rows } = await admin.query(
    `SELECT count(*)::int AS count FROM feature_store.pending_projections WHERE ${condition}`,
  );
  return rows[0].count;
}

async function expectNothingPending(): Promise<void> {
  await until('nothing is pending', 2500, async () => (await countPending('true')) === 0);
}

async function balance(local: LocalProcess): Promise<unknown> {
  return (await local.read(user, ['balance'])).json.features?.balance;
}

type Ask = (path: string, body: unknown) => Promise<Response>;

async function balanceBy(ask: Ask): Promise<unknown> {
  const answer = await ask('/api/v1/features/online', { entity_id: user, feature_names: ['balance'] });
  const { features } = z.object({ features: z.object({ balance: z.number() }) }).parse(await answer.json());
  return features.balance;
}

/** The app over the same stores in this process, as the ingest function in AWS, which does not sweep. */
function composeWithoutSweep(): { ask: Ask; close: () => Promise<void> } {
  const environment = readEnvironment({ LOG_LEVEL: 'silent' });
  const clock = createSystemClock();
  const telemetry = createPrometheusTelemetry({ clock });
  const as = (role: string) =>
    createPostgres({ url: stores.postgres.url, maxPool: 2, telemetry, role: `feature_store_${role}` });
  const databases = { owner: as('owner'), writer: as('writer'), reader: as('reader') };
  const dynamodb = createDynamoDb({
    region: environment.AWS_REGION,
    endpoint: stores.dynalite.url,
    tablePrefix: environment.DYNAMODB_TABLE_PREFIX,
  });
  const logger = createLogger({ level: 'silent', buffered: false });
  const cache = composeCache({ ...environment, REDIS_URL: stores.redis.url }, logger);
  const { app } = composeApp({
    environment,
    stores: { ...databases, cache, dynamodb, eventLog: absentKinesis() },
    clock,
    telemetry,
    logger,
    peppers: [{ id: '1', secret: 'a pepper of the tests, long enough' }],
    envelopeSecret: 'a secret of the tests, long enough',
    developmentKeys: developmentKeys(undefined),
  });
  return {
    ask: async (path, body) => {
      const response = await app.hono.request(path, {
        method: 'POST',
        headers: { 'x-api-key': 'tenant1_key', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      return response;
    },
    close: async () => {
      await cache.close();
      await Promise.all(Object.values(databases).map((database) => database.close()));
      dynamodb.client.destroy();
    },
  };
}
