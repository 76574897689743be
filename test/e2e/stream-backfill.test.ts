import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { composeLocalDelivery } from '../../functions/local/compose-delivery.ts';
import { createKinesisHandler } from '../../functions/stream/handle-kinesis.ts';
import { createRespCache, guardCache } from '../../shared/cache/index.ts';
import { signEnvelope } from '../../shared/delivery/envelope.ts';
import { ensureTables } from '../../shared/platform/dynamodb-tables.ts';
import { readEnvironment } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createDynamoDb } from '../../shared/platform/sdk-dynamodb.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';
import { absentKinesis } from '../support/absent-kinesis.ts';
import { createFeatureStore, envelopeSecret, type TestFeatureStore } from '../support/feature-store.ts';
import { createMigratedTemplate, createTestDatabase, type TestDatabase } from '../support/migrated-template.ts';
import { type RealStores, startStores, until } from './local-process.ts';
import { type Ended, startToEnd } from './short-process.ts';
import { aggregations, eventAt, eventCount, source, users, viewOf } from './stream-backfill/sample-events.ts';

const nowMillis = Date.now();
const eventsOfRecord = 100;
const recordsOfBatch = 50;
/** Of what Lambda gives the job, 60 s are its reserve. */
const reserveMillis = 60_000;

let stores: RealStores;
let database: TestDatabase;
let store: TestFeatureStore;
let handle: ReturnType<typeof createKinesisHandler>;
let settings: Readonly<Record<string, string>>;
beforeAll(async () => {
  stores = await startStores();
  await createMigratedTemplate(stores.postgres.url);
  database = await createTestDatabase(stores.postgres.url);
  const dynamodb = createDynamoDb({
    region: 'us-east-1',
    endpoint: stores.dynalite.url,
    tablePrefix: 'feature-store-',
  });
  await ensureTables(dynamodb);
  const cache = guardCache(
    createRespCache({ url: stores.redis.url, ttlSeconds: 3600, generation: 1, timeoutMillis: 1000 }),
  );
  store = await createFeatureStore({ replace: { postgresUrl: database.adminUrl, dynamodb, cache } });
  handle = createKinesisHandler(
    composeLocalDelivery({
      environment: readEnvironment({}),
      stores: { ...store.databases, cache, dynamodb, eventLog: absentKinesis() },
      core: store.core,
      clock: store.clock,
      telemetry: silentTelemetry,
      logger: createLogger({ level: 'silent', buffered: false }),
      envelopeSecret,
      developmentTenants: [],
      deadLetters: { put: () => Promise.reject(new Error('a dead letter')), get: absent, list: absent, remove: absent },
    }),
  );
  settings = { ...stores.settings, POSTGRES_URL: database.roleUrl('owner'), LOG_LEVEL: 'info' };
  expect((await store.post('/api/v1/stream-sources', source)).status).toBe(201);
  expect((await store.post('/api/v1/feature-views', viewOf('before'))).status).toBe(201);
});
afterAll(async () => {
  await store?.close();
  await stores?.stop();
});

let sent = 0;

test(`${eventCount} events come while one view is there`, async () => {
  await sendUntil(() => sent === eventCount);
}, 600_000);

test('another view is backfilled under load, killed and out of time again and again, in under 512 MB', async () => {
  expect((await store.post('/api/v1/feature-views', viewOf('after'))).status).toBe(201);
  let isOver = false;
  const load = sendUntil(() => isOver);
  const peaks: number[] = [];
  for (const atLeast of [1, eventCount / 5, (eventCount * 2) / 5]) {
    const job = runJob(900_000);
    await until(`${atLeast} events are counted`, 120_000, async () => (await progress()).events_done >= atLeast);
    peaks.push(peakOf(job.pid));
    job.signal('SIGKILL');
    await job.ended;
  }
  const late = await runJob(reserveMillis + 1000).ended;
  expect(reportOf(late)).toMatchObject({ finished: 0, remaining: 1 });
  const { events_done } = await progress();
  expect(events_done).toBeLessThan(eventCount);
  // Two at once take turns.
  const startedAt = performance.now();
  const ended = await Promise.all([runJob(900_000).ended, runJob(900_000).ended]);
  const seconds = (performance.now() - startedAt) / 1000;
  isOver = true;
  await load;
  peaks.push(...ended.map((each) => reportOf(each).peakMegabytes));
  expect(await progress()).toEqual({ status: 'done', events_done: eventCount, events_total: eventCount });
  const rate = Math.round((eventCount - events_done) / seconds);
  process.stdout.write(
    `backfill: ${rate} events/s by two jobs at once, ${sent - eventCount} events came meanwhile, peaks ${peaks.map(Math.round).join(', ')} MB\n`,
  );
  expect(sent).toBeGreaterThan(eventCount);
  expect(Math.max(...peaks)).toBeLessThan(512);
}, 900_000);

test('it answers what the view says that counted every event as it came, to the last value', async () => {
  const names = aggregations.map(({ name }) => name);
  const daysAgo = (days: number) => new Date(nowMillis - days * 86_400_000 + 123_456).toISOString();
  const of = (view: string) => names.map((name) => `${view}:${name}`);
  // Both in one request, so as of one moment: a window may slide between two.
  const ask = async (path: string, body: object) => {
    const { status, text, json } = await store.post(path, {
      ...body,
      feature_names: [...of('after'), ...of('before')],
    });
    expect(status, text.slice(0, 500)).toBe(200);
    expect(text).not.toContain('backfill_incomplete');
    return json.rows;
  };
  for (const [place, days] of [0, 1, 3, 9, 20].entries()) {
    // Each user online, and some as of each moment: those with the most events, and others.
    const entity_ids = Array.from({ length: users / 5 }, (_, index) => `u${5 * index + place}`);
    const online = await ask('/api/v1/features/online', { entity_ids, include_metadata: false });
    expect(online).toHaveLength(entity_ids.length);
    for (const { entity_id, values } of online) {
      expect(values.slice(0, names.length), entity_id).toEqual(values.slice(names.length));
    }
    const asOf = { entity_ids: entity_ids.slice(0, 200), timestamp: daysAgo(days) };
    const past = await ask('/api/v1/features/batch', asOf);
    expect(past).toHaveLength(asOf.entity_ids.length);
    for (const { entity_id, features, statuses } of past) {
      for (const members of [features, statuses]) {
        const valuesOf = (view: string) => of(view).map((name) => members[name]);
        expect(valuesOf('after'), entity_id).toEqual(valuesOf('before'));
        expect(valuesOf('after')).not.toContain(undefined);
      }
    }
  }
}, 600_000);

/** Sends the next events through the handler of the stream, batch by batch, as Lambda does. */
async function sendUntil(isEnough: () => boolean): Promise<void> {
  while (!isEnough()) {
    const records = Array.from({ length: recordsOfBatch }, () => {
      const events = Array.from({ length: eventsOfRecord }, (_, place) => eventAt(sent + place, nowMillis));
      sent += eventsOfRecord;
      const payload = JSON.stringify({ tenant: store.tenant.ctx.tenantName, source: source.name, events });
      const data = Buffer.from(JSON.stringify(signEnvelope(payload, envelopeSecret))).toString('base64');
      return {
        eventID: `shardId-000000000000:${sent}`,
        eventSourceARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/events',
        kinesis: { sequenceNumber: `${sent}`, data, approximateArrivalTimestamp: Date.now() / 1000 },
      };
    });
    expect(await handle({ Records: records })).toEqual({ batchItemFailures: [] });
  }
}

async function progress(): Promise<{ events_done: number; events_total: number | null; status: string }> {
  return (await store.get('/api/v1/feature-views/after')).json.backfill;
}

function runJob(millis: number) {
  return startToEnd(process.execPath, ['test/e2e/stream-backfill/job.ts', String(millis)], settings, 600_000);
}

/** What the job says at its end, among its log and its metrics. */
function reportOf({ code, stdout, stderr }: Ended) {
  expect(code, stderr).toBe(0);
  const line = stdout.split('\n').find((each) => each.includes('"peakMegabytes"'));
  return z
    .object({ finished: z.number(), remaining: z.number(), peakMegabytes: z.number() })
    .parse(JSON.parse(line ?? 'null'));
}

/** Megabytes that a process has had at most, so far. */
function peakOf(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

function absent(): never {
  throw new Error('no dead letters are read');
}
