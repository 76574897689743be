import { afterAll, beforeAll, describe, expect } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import type { Clock } from '../../../shared/platform/clock.ts';
import {
  type Answer,
  createFeatureStore,
  type RequestOptions,
  type TestFeatureStore,
} from '../../support/feature-store.ts';
import { caches } from '../../support/lane.ts';

export const second = 1_000_000;
export const hour = 3600 * second;
/** What the clock says when a test begins, in microseconds: noon of a day in the middle of a month. */
export const start = Date.UTC(2026, 5, 15, 12) * 1000;
/** `ttl_hours` that is exactly so many microseconds. */
export const ttlOf = (micros: number): number => micros / hour;

export interface TestClock extends Clock {
  set(micros: number): void;
  /** The next request arrives at exactly this time, as of another process it might. */
  arriveAt(micros: number): void;
}

export function createTestClock(): TestClock {
  let now = start;
  let last = 0;
  let next: number | undefined;
  return {
    set: (micros) => {
      now = micros;
    },
    arriveAt: (micros) => {
      next = micros;
    },
    nowMicros: () => now,
    arrivalMicros: () => {
      const forced = next;
      next = undefined;
      if (forced !== undefined) return forced;
      last = Math.max(now, last + 1);
      return last;
    },
  };
}

interface FeatureGiven {
  readonly name: string;
  readonly dtype: string;
  readonly ttl_hours?: number;
}

/** A row to be ingested: the event time in microseconds, or as it is to be sent. */
export type RowGiven = readonly [entityId: unknown, eventTime: unknown, values?: unknown];

/** A feature's answer, the same of an online and of a point-in-time read. */
export type Said = readonly [status: string, value: unknown];

/** A store whose time the test sets, and the requests that the tests of semantics make. */
export interface World {
  readonly store: TestFeatureStore;
  readonly clock: TestClock;
  /** Registers a view that nothing else uses, and answers its name. Features without a dtype are int64. */
  view(features: readonly (string | FeatureGiven)[], more?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Ingests, and expects that every row is accepted. */
  write(view: string, rows: readonly RowGiven[], options?: RequestOptions): Promise<void>;
  /** Ingests, and answers whatever comes. */
  ingest(view: string, rows: readonly RowGiven[], options?: RequestOptions): Promise<Answer>;
  /** What an online read at the clock's time says of one feature, such as `view:age`. */
  online(entityId: unknown, name: string): Promise<Said>;
  /** What a point-in-time read says of one feature as of a moment in microseconds. */
  asOf(entityId: unknown, name: string, micros: number, knownAt?: string): Promise<Said>;
}

/** Runs the tests against a store with each cache. */
export function describeEachCache(title: string, tests: (world: () => World) => void): void {
  describe.each(caches)(`${title}, with cache %s`, (cache) => {
    let world: World;
    beforeAll(async () => {
      world = await createWorld({ cache });
    });
    afterAll(() => world.store.close());
    tests(() => world);
  });
}

export async function createWorld(options: Parameters<typeof createFeatureStore>[0] = {}): Promise<World> {
  const clock = createTestClock();
  const store = await createFeatureStore({ ...options, clock });
  let views = 0;
  const ingest: World['ingest'] = (view, rows, asked) => {
    const body = { view, rows: rows.map(rowBody) };
    return store.post('/api/v1/features/ingest', body, asked);
  };
  return {
    store,
    clock,
    ingest,
    view: async (features, more = {}) => {
      clock.set(start);
      views += 1;
      const name = `view${views}`;
      const definitions = features.map((feature) =>
        typeof feature === 'string' ? { name: feature, dtype: 'int64' } : feature,
      );
      const body = { name, entity_type: 'user', features: definitions, retention_days: 0, ...more };
      const answer = await store.post('/api/v1/feature-views', body);
      expect(answer.status, answer.text).toBe(201);
      return name;
    },
    write: async (view, rows, asked) => {
      const answer = await ingest(view, rows, asked);
      expect(answer.json, answer.text).toEqual({ accepted: rows.length, rejected: [] });
    },
    online: async (entityId, name) => {
      const answer = await store.post('/api/v1/features/online', { entity_id: entityId, feature_names: [name] });
      expect(answer.status, answer.text).toBe(200);
      return [answer.json.metadata[name].status, answer.json.features[name]];
    },
    asOf: async (entityId, name, micros, knownAt) => {
      const answer = await store.post('/api/v1/features/batch', {
        entity_ids: [entityId],
        feature_names: [name],
        timestamp: formatMicros(micros),
        ...(knownAt === undefined ? {} : { known_at: knownAt }),
      });
      expect(answer.status, answer.text).toBe(200);
      return [answer.json.rows[0].statuses[name], answer.json.rows[0].features[name]];
    },
  };
}

/** Times as numbers are microseconds here; what is to be sent as it is, is a text or `{ raw }`. */
function rowBody([entityId, eventTime, values = {}]: RowGiven): Record<string, unknown> {
  return {
    entity_id: entityId,
    event_time: typeof eventTime === 'number' ? formatMicros(eventTime) : eventTime,
    values,
  };
}

export interface RecordedRow {
  readonly entityId: string;
  readonly eventMicros: number;
  readonly createdMicros: number;
  readonly recordedMicros: number;
}

/** The keys of all stored rows of a view's first version, and when the database recorded them. */
export function recordedRows({ store }: World, view: string): Promise<RecordedRow[]> {
  const micros = (column: string, name: string) => `(extract(epoch FROM ${column}) * 1000000)::float8 AS "${name}"`;
  return store.databases.admin.rows({
    name: 'recorded_rows',
    text: `SELECT entity_id AS "entityId", ${micros('event_time', 'eventMicros')}, ${micros('created_at', 'createdMicros')},
      ${micros('recorded_at', 'recordedMicros')} FROM ${store.tenant.ctx.tenantId}.${view}_v1 ORDER BY 4, 1, 2, 3`,
  });
}
