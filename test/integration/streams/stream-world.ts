import { expect } from 'vitest';
import type { OnlineCache } from '../../../shared/cache/index.ts';
import { formatMicros } from '../../../shared/contract/time.ts';
import { type AppliedEvents, type ApplyEvents, createApplyEvents } from '../../../shared/stream/index.ts';
import { createFeatureStore, type FeatureStoreOptions, type TestFeatureStore } from '../../support/feature-store.ts';
import { createTestClock, type Said, type TestClock } from '../semantics/semantics-setup.ts';
import { sourcesPath, viewsPath } from './streams-setup.ts';

export const second = 1_000_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Noon of tomorrow: after whatever time the database records. */
export const noon = Math.floor((Date.now() * 1000) / day) * day + day + 12 * hour;

/** An event: its id, its time in microseconds, and the other fields. */
export type EventGiven = readonly [eventId: string, eventMicros: number, fields?: Readonly<Record<string, unknown>>];

/** A store whose time the test sets, with one source of purchases. */
export interface StreamWorld {
  readonly store: TestFeatureStore;
  readonly clock: TestClock;
  readonly source: string;
  /** Registers another source of purchases. */
  addSource(name: string, more?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Registers a stream view that nothing else uses, and answers its name. */
  view(
    aggregations: readonly Readonly<Record<string, unknown>>[],
    more?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  /** Another process that applies events, over another cache if so. */
  applier(cache?: OnlineCache): ApplyEvents;
  /** Applies events of user `u1` where no other is named, and expects that all are accepted. */
  send(...events: readonly EventGiven[]): Promise<AppliedEvents>;
  /** The same to another source. */
  sendTo(source: string, ...events: readonly EventGiven[]): Promise<AppliedEvents>;
  online(entityId: string, name: string): Promise<Said>;
  asOf(entityId: string, name: string, micros: number, knownAtMicros?: number): Promise<Said>;
  /** What an online read and a point-in-time read of now, with known_at and without, all say. */
  everywhere(entityId: string, name: string): Promise<Said>;
  /** Loses what the cache has of an entity. */
  forget(entityId: string): Promise<void>;
}

const purchaseSource = {
  schema: {
    id: 'string',
    user_id: 'string',
    shop: 'int32',
    amount: 'float64',
    country: 'string',
    big: 'int64',
    at: 'timestamp',
  },
  event_time: 'at',
  event_id: 'id',
};

export async function createStreamWorld(options: FeatureStoreOptions = {}): Promise<StreamWorld> {
  const clock = createTestClock();
  clock.set(noon);
  const store = await createFeatureStore({ ...options, clock });
  const source = 'purchases';
  const addSource: StreamWorld['addSource'] = async (name, more = {}) => {
    const registered = await store.post(sourcesPath, { ...purchaseSource, name, ...more });
    expect(registered.status, registered.text).toBe(201);
  };
  await addSource(source);
  const applier = (cache = store.cache): ApplyEvents =>
    createApplyEvents({ database: store.databases.writer, cache, registries: store.core.registries, clock });
  const apply = applier();
  let views = 0;
  const world: StreamWorld = {
    ...{ store, clock, source, addSource, applier },
    view: async (aggregations, more = {}) => {
      views += 1;
      const name = `stream${views}`;
      const definition = { name, entity_type: 'user', source, entity_key: 'user_id', aggregations };
      const answer = await store.post(viewsPath, { ...definition, ...more });
      expect(answer.status, answer.text).toBe(201);
      return name;
    },
    send: (...events) => world.sendTo(source, ...events),
    sendTo: async (to, ...events) => {
      const applied = await apply(
        store.tenant.ctx,
        to,
        events.map((event) => incoming(event, clock.arrivalMicros())),
      );
      expect(applied).toMatchObject({ accepted: events.length, rejected: [] });
      return applied;
    },
    online: async (entityId, name) => {
      const { json, text } = await store.post('/api/v1/features/online', {
        entity_id: entityId,
        feature_names: [name],
      });
      expect(json.metadata, text).toBeDefined();
      return [json.metadata[name].status, json.features[name]];
    },
    asOf: async (entityId, name, micros, knownAtMicros) => {
      const { json, text } = await store.post('/api/v1/features/batch', {
        entity_ids: [entityId],
        feature_names: [name],
        timestamp: formatMicros(micros),
        ...(knownAtMicros === undefined ? {} : { known_at: formatMicros(knownAtMicros) }),
      });
      expect(json.rows, text).toBeDefined();
      return [json.rows[0].statuses[name], json.rows[0].features[name]];
    },
    everywhere: async (entityId, name) => {
      const now = clock.nowMicros();
      const said = await world.online(entityId, name);
      expect(await world.online(entityId, name), 'again online').toEqual(said);
      expect(await world.asOf(entityId, name, now), 'as of now').toEqual(said);
      expect(await world.asOf(entityId, name, now, now), 'as of now, known now').toEqual(said);
      return said;
    },
    forget: async (entityId) => {
      await store.cache.invalidate(store.tenant.ctx.tenantId, 'user', entityId);
    },
  };
  return world;
}

export function incoming([eventId, eventMicros, fields = {}]: EventGiven, arrivalMicros: number) {
  const common = { id: eventId, at: formatMicros(eventMicros), user_id: 'u1' };
  return { eventId, arrivalMicros, fields: { ...common, ...fields } };
}
