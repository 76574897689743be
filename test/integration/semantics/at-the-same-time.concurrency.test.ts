import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { createIngestRows, type IngestRows } from '../../../shared/ingestion/index.ts';
import { createPostgres } from '../../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import { naiveAnswer, type OracleRow } from '../../support/naive-oracle.ts';
import { createWorld, hour, recordedRows, start, type World } from './semantics-setup.ts';

/** What two requests at once may do to each other, on real Postgres with real Redis. Who waits for whom is set by gates. */
describe('At the same time', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ cache: 'redis' });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(() => world.store.close());

  test('a late older write that reaches the cache last does not replace the newer row', async () => {
    const { view, write, online, store } = world;
    const name = await view(['a']);
    const gate = createGate();
    const writeNewest = store.cache.writeNewest;
    vi.spyOn(store.cache, 'writeNewest').mockImplementationOnce(async (entries) => {
      await gate.wait();
      await writeNewest(entries);
    });
    const older = write(name, [['u', start - 2 * hour, { a: 1 }]]);
    await gate.reached;
    await write(name, [['u', start - hour, { a: 2 }]]);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
    gate.open();
    await older;
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
  });

  test.for([
    ['an older row', [['u', start - 2 * hour, { a: 1 }]] as const],
    ['an absence', []],
  ] as const)('a slow miss that found %s never overwrites a fresh write', async ([, before]) => {
    const { view, write, online, store } = world;
    const name = await view(['a']);
    if (before.length > 0) await write(name, before);
    await store.request('DELETE', '/api/v1/cache/invalidate/u');
    const gate = createGate();
    const { reader } = store.databases;
    const arrays = reader.arrays;
    vi.spyOn(reader, 'arrays').mockImplementationOnce(async (statement) => {
      expect(statement.name).toBe('read_latest');
      const found = await arrays(statement);
      await gate.wait();
      return found;
    });
    const slow = online('u', `${name}:a`);
    await gate.reached;
    await write(name, [['u', start - hour, { a: 2 }]]);
    gate.open();
    await slow;
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
    expect(reader.arrays).toHaveBeenCalledTimes(1);
  });

  test('twenty deliveries of one request leave one row', async () => {
    const { view, write, online } = world;
    const name = await view(['a']);
    const replay = { headers: { 'idempotency-key': `at-once-${name}` } };
    await Promise.all(Array.from({ length: 20 }, () => write(name, [['u', start - hour, { a: 1 }]], replay)));
    expect(await recordedRows(world, name)).toHaveLength(1);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 1]);
  });

  test('of a row delivered twenty times with other values one is stored, and every read answers that one', async () => {
    const { view, online, asOf, store } = world;
    const name = await view(['a']);
    const writers = createWriters(world, 5);
    await Promise.all(
      Array.from({ length: 20 }, (_, a) => writers[a % 5]?.(name, start, [rowOf('u', start - hour, { a })])),
    );
    expect(await recordedRows(world, name)).toHaveLength(1);
    const stored = await asOf('u', `${name}:a`, start);
    expect(await online('u', `${name}:a`)).toEqual(stored);
    await store.request('DELETE', '/api/v1/cache/invalidate/u');
    expect(await online('u', `${name}:a`)).toEqual(stored);
  });

  test('of two equal event times the greatest created_at wins, whichever comes first', async () => {
    const { view, online, asOf, store } = world;
    const name = await view(['a']);
    const writers = createWriters(world, 5);
    await Promise.all(shuffled(40, 3).map((a) => writers[a % 5]?.(name, start + a, [rowOf('u', start - hour, { a })])));
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 39]);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 39]);
    await store.request('DELETE', '/api/v1/cache/invalidate/u');
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 39]);
    expect(await recordedRows(world, name)).toHaveLength(40);
  });

  test('many writers of the same entities in any order: no deadlock, no error, and the answers of the oracle', async () => {
    const { view, store, clock } = world;
    const name = await view(['a']);
    const entities = 300;
    const writers = createWriters(world, 8);
    const sent: OracleRow[] = [];
    const requests = Array.from({ length: 32 }, (_, request) => {
      const created = start + (request % 16);
      const rows = shuffled(entities, request).map((entity) => {
        // Few times, over three months whose partitions all writers find missing at once.
        const event = start - ((entity * 7 + request * 5) % 9) * 240 * hour;
        return { entityId: `e${entity}`, eventMicros: event, createdMicros: created, a: request };
      });
      return { created, rows };
    });
    await Promise.all(
      requests.map(({ created, rows }, request) =>
        writers[request % 8]?.(
          name,
          created,
          rows.map(({ entityId, eventMicros, a }) => rowOf(entityId, eventMicros, { a })),
        ),
      ),
    );
    // Which of two rows alike in entity, event time and created_at came first is for the table to say.
    for (const stored of await storedValues(world, name)) sent.push(stored);
    const keys = requests.flatMap(({ rows }) =>
      rows.map((row) => `${row.entityId} ${row.eventMicros} ${row.createdMicros}`),
    );
    expect(sent).toHaveLength(new Set(keys).size);

    clock.set(start);
    const entity_ids = shuffled(entities, 99).map((entity) => `e${entity}`);
    const expected = entity_ids.map((entityId) => {
      const question = { entityId, feature: 'a', sinceRevision: 1, asOfMicros: start };
      return naiveAnswer(sent, { ...question, ttlMicros: Infinity, knownAtMicros: Infinity }).value;
    });
    const online = async () => {
      const { json } = await store.post('/api/v1/features/online', { entity_ids, feature_names: [`${name}:a`] });
      return json.rows.map((row: { values: unknown[] }) => row.values[0]);
    };
    expect(await online()).toEqual(expected);
    for (const entityId of entity_ids) await store.request('DELETE', `/api/v1/cache/invalidate/${entityId}`);
    expect(await online()).toEqual(expected);
    expect(await latestThatDiffer(world, name)).toEqual([]);
  });

  test('1,000 first reads of one cold entity make one query of Postgres and one write of the cache', async () => {
    const { view, write, online, store } = world;
    const name = await view(['a']);
    await write(name, [['u', start - hour, { a: 1 }]]);
    await store.request('DELETE', '/api/v1/cache/invalidate/u');
    const { reader } = store.databases;
    const { arrays } = reader;
    const { read } = store.cache;
    const allAreMisses = Promise.withResolvers<void>();
    let reads = 0;
    vi.spyOn(store.cache, 'read').mockImplementation(async (...asked) => {
      const answer = await read(...asked);
      reads += 1;
      if (reads === 1000) allAreMisses.resolve();
      return answer;
    });
    vi.spyOn(reader, 'arrays').mockImplementation(async (statement) => {
      await allAreMisses.promise;
      return arrays(statement);
    });
    const writeNewest = vi.spyOn(store.cache, 'writeNewest');
    const answers = await Promise.all(Array.from({ length: 1000 }, () => online('u', `${name}:a`)));
    expect(answers.every(([status, value]) => status === 'PRESENT' && value === 1)).toBe(true);
    expect(reader.arrays).toHaveBeenCalledTimes(1);
    expect(writeNewest).toHaveBeenCalledTimes(1);
  });

  test('a read that begins after a write was answered sees it, and reads never go back', async () => {
    const { view, write, online } = world;
    const name = await view(['a']);
    let answered = 0;
    const readers = Array.from({ length: 8 }, async () => {
      let last = 0;
      while (last < 50) {
        const least = Math.max(last, answered);
        const [, value] = await online('u', `${name}:a`);
        last = Number(value ?? 0);
        expect(last).toBeGreaterThanOrEqual(least);
      }
    });
    for (let a = 1; a <= 50; a++) {
      await write(name, [['u', start - hour + a, { a }]]);
      answered = a;
    }
    await Promise.all(readers);
  });

  test('a writing transaction takes at most 10 s, so that a known_at older than that is repeatable', async () => {
    const { writer } = world.store.databases;
    expect(await writer.arrays({ name: 'timeout', text: 'SHOW transaction_timeout' })).toEqual([['10s']]);
  });

  test('one that acts as the writer, as on a laptop, takes at most 10 s too', async () => {
    const writer = createPostgres({
      url: inject('postgresAdminUrl'),
      role: 'feature_store_writer',
      maxPool: 1,
      telemetry: silentTelemetry,
    });
    onTestFinished(() => writer.close());
    const text = `SELECT current_user::text, current_setting('transaction_timeout'), current_setting('statement_timeout')`;
    expect(await writer.arrays({ name: 'timeouts', text })).toEqual([['feature_store_writer', '10s', '9s']]);
  });
});

/** Somebody waits at it until it is opened; `reached` when somebody does. */
function createGate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    wait: () => {
      reached.resolve();
      return opened.promise;
    },
  };
}

type Writer = (view: string, arrivalMicros: number, rows: readonly unknown[]) => Promise<void>;

/** As many processes would be: each remembers its own partitions, and says itself when a request arrived. */
function createWriters({ store, clock }: World, count: number): Writer[] {
  const { ctx } = store.tenant;
  return Array.from({ length: count }, () => {
    const ingestRows: IngestRows = createIngestRows({
      registries: store.core.registries,
      database: store.databases.writer,
      cache: store.cache,
      clock,
      futureToleranceSeconds: 60,
    });
    return async (view, arrivalMicros, rows) => {
      const answer = await ingestRows(ctx, { view, rows, arrivalMicros });
      expect(answer).toEqual({ accepted: rows.length, rejected: [], isProjected: true });
    };
  });
}

function rowOf(entity_id: string, eventMicros: number, values: object) {
  return { entity_id, event_time: eventMicros / 1000, values };
}

/** 0 to count - 1 in an order that the seed decides: multiples of a number without a common divisor. */
function shuffled(count: number, seed: number): number[] {
  const steps = [7, 11, 13, 17, 19, 23, 29, 31, 37].filter((step) => count % step !== 0);
  const step = steps[seed % steps.length] ?? 1;
  return Array.from({ length: count }, (_, index) => (index * step + seed) % count);
}

function storedValues({ store }: World, view: string): Promise<OracleRow[]> {
  const micros = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::float8`;
  return store.databases.admin.rows({
    name: 'stored_values',
    text: `SELECT entity_id AS "entityId", ${micros('event_time')} AS "eventMicros", ${micros('created_at')} AS "createdMicros",
      ${micros('recorded_at')} AS "recordedMicros", 1 AS revision, jsonb_build_object('a', a) AS values
      FROM ${store.tenant.ctx.tenantId}.${view}_v1`,
  });
}

/** Entities whose row in `latest` is not the greatest of the table, or has another value than that. */
function latestThatDiffer({ store }: World, view: string): Promise<unknown[]> {
  const schema = store.tenant.ctx.tenantId;
  return store.databases.admin.rows({
    name: 'latest_that_differ',
    text: `
      WITH greatest AS (
        SELECT DISTINCT ON (entity_id) * FROM ${schema}.${view}_v1 ORDER BY entity_id, event_time DESC, created_at DESC
      ), latest AS (SELECT * FROM ${schema}.latest WHERE view_table = '${view}_v1')
      SELECT entity_id FROM greatest FULL JOIN latest USING (entity_id)
      WHERE greatest.event_time IS DISTINCT FROM latest.event_time
        OR greatest.created_at IS DISTINCT FROM latest.created_at
        OR greatest.a IS DISTINCT FROM (latest.payload::jsonb ->> 3)::bigint`,
  });
}
