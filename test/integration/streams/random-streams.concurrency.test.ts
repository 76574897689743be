import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { sweepProjections } from '../../../shared/ingestion/index.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import { type ApplyEvents, createApplyEvents } from '../../../shared/stream/index.ts';
import { caches } from '../../support/lane.ts';
import { naiveWindow, type OracleAggregation, type OracleEvent } from '../../support/naive-windows.ts';
import { createStreamWorld, day, hour, incoming, minute, noon, type StreamWorld, second } from './stream-world.ts';

const scenarios = 10;
const users = ['u0', 'u1', 'u2'] as const;

const aggregations: Readonly<Record<string, OracleAggregation>> = {
  n: { function: 'count', window: '15m' },
  n_ever: { function: 'count' },
  sum_1h: { function: 'sum', field: 'amount', window: '1h' },
  sum_ever: { function: 'sum', field: 'shop' },
  avg_24h: { function: 'avg', field: 'amount', window: '24h' },
  min_7d: { function: 'min', field: 'amount', window: '7d' },
  max_12d: { function: 'max', field: 'shop', window: '12d' },
  var_24h: { function: 'variance', field: 'amount', window: '24h' },
  std_ever: { function: 'stddev', field: 'amount' },
  first_ever: { function: 'first', field: 'country' },
  last_24h: { function: 'last', field: 'amount', window: '24h' },
  last_ever: { function: 'last', field: 'country' },
  firsts: { function: 'first_k', field: 'amount', k: 3 },
  lasts_7d: { function: 'last_k', field: 'shop', window: '7d', k: 3 },
  countries_7d: { function: 'count_distinct', field: 'country', window: '7d' },
  top_24h: { function: 'top_k', field: 'country', window: '24h', k: 2 },
  median_30d: { function: 'percentile', field: 'amount', window: '30d', p: 0.5 },
};
const names = Object.keys(aggregations);
const definitions = Object.entries(aggregations).map(([name, aggregation]) => ({ name, ...aggregation }));
const ttl = 6 * hour;

const windows = [0, 15 * minute, hour, 24 * hour, 7 * day, 12 * day, 30 * day];

/** When an event happened: on an edge of a window before the moment, or near it. */
const agoArbitrary = fc.oneof(
  fc
    .record({ window: fc.constantFrom(...windows), shift: fc.constantFrom(-1, 0, 1, minute, -minute) })
    .map(({ window, shift }) => window + shift),
  fc.integer({ min: -59 * second, max: 2 * hour }),
  fc.integer({ min: 0, max: 80 * 24 * 60 }).map((minutes) => minutes * minute),
);

const eventArbitrary = fc.record({
  user: fc.constantFrom(...users),
  ago: agoArbitrary,
  amount: fc.option(fc.integer({ min: -8, max: 40 }).map((quarters) => quarters / 4)),
  shop: fc.option(fc.integer({ min: -5, max: 1000 })),
  country: fc.option(fc.constantFrom('at', 'be', 'ch', 'de', 'es')),
});

const stepArbitrary = fc.record({
  kind: fc.constantFrom('apply', 'apply', 'twice at once', 'unprojected', 'not committed', 'with a lost cache'),
  events: fc.array(eventArbitrary, { minLength: 1, maxLength: 25 }),
  /** Of all events sent before, some come again. */
  again: fc.array(fc.nat(), { maxLength: 6 }),
  forgets: fc.boolean(),
  later: fc.constantFrom(0, 1, second, minute, 5 * minute, hour, 11 * hour, 24 * hour),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** Online equals offline equals a scan over all events (docs/semantics.md, sections 4 and 5). */
describe.each(caches)('Random streams, with cache %s', (cache) => {
  let world: StreamWorld;
  beforeAll(async () => {
    world = await createStreamWorld({ cache });
  });
  afterAll(() => world.store.close());

  test('of duplicates, disorder, retries, two appliers at once and lost caches answer as a scan over all events does', async () => {
    const property = fc.asyncProperty(fc.array(stepArbitrary, { minLength: 4, maxLength: 8 }), (steps) =>
      run(world, steps),
    );
    await fc.assert(property, { numRuns: scenarios, endOnFailure: true });
  }, 240_000);
});

interface Sent extends OracleEvent {
  readonly user: string;
}

let scenario = 0;

async function run(world: StreamWorld, steps: readonly Step[]): Promise<void> {
  const { clock } = world;
  const prefix = `s${++scenario}`;
  // One of its own, so that its events are not folded into the views of all scenarios before.
  const source = `source_${prefix}`;
  await world.addSource(source);
  const entity = (user: string): string => `${prefix}${user}`;
  clock.set(noon + (scenario % 3) * 5 * hour);
  const all = await world.view(definitions, { source });
  const some = await world.view(definitions, { source, where: 'amount > 1.0', ttl_hours: ttl / hour });
  const sent: Sent[] = [];
  let ids = 0;

  for (const step of steps) {
    const now = clock.nowMicros();
    const given: Sent[] = step.events.map(({ user, ago, ...fields }) => ({
      ...{ user, fields, eventMicros: now - ago },
      // Byte order is not that of arrival.
      eventId: `${prefix}-${(ids * 7919) % 1000}-${ids++}`,
    }));
    const again = sent.length === 0 ? [] : step.again.flatMap((place) => sent[place % sent.length] ?? []);
    const batch = shuffled([...given, ...again, ...given.slice(0, 2)]);
    await applyAs(
      world,
      { source, view: all, kind: step.kind },
      batch.map((event) => [event, entity(event.user)]),
    );
    // The first of an id stands; those that come again are what they were.
    sent.push(...given);
    if (step.forgets) await world.forget(entity(step.events[0]?.user ?? ''));
    await check(world, { all, some, entity, sent });
    clock.set(now + step.later);
    await check(world, { all, some, entity, sent });
  }
}

/** In an order that depends on the ids alone. */
function shuffled(events: readonly Sent[]): Sent[] {
  const key = ({ eventId }: Sent): number =>
    [...eventId].reduce((sum, each) => (sum * 31 + each.charCodeAt(0)) % 10_007, 7);
  return events.toSorted((a, b) => key(a) - key(b));
}

async function applyAs(
  world: StreamWorld,
  { source, view, kind }: { readonly source: string; readonly view: string; readonly kind: Step['kind'] },
  batch: readonly (readonly [event: Sent, entityId: string])[],
): Promise<void> {
  const { store, clock } = world;
  const { ctx } = store.tenant;
  const arrival = clock.arrivalMicros();
  const events = batch.map(([{ eventId, eventMicros, fields }, entityId]) =>
    incoming([eventId, eventMicros, { ...fields, user_id: entityId }], arrival),
  );
  const apply = (applier: ApplyEvents, part = events) => applier(ctx, source, part);
  const away = { ...store.cache, writeNewest: () => Promise.reject(new UnavailableError('cache', new Error('away'))) };
  const entities = [...new Set(batch.map(([, entityId]) => entityId))];
  const readAll = () =>
    store.post('/api/v1/features/online', { entity_ids: entities, feature_names: [`${view}:n_ever`] });
  switch (kind) {
    case 'twice at once': {
      // As of one shard read twice, and of two with the same entities.
      const half = Math.ceil(events.length / 2);
      const parts = [events, events.slice(half), events.slice(0, half)];
      const applied = await Promise.all(parts.map((part) => apply(world.applier(), part)));
      expect(applied.map(({ rejected }) => rejected)).toEqual([[], [], []]);
      return;
    }
    case 'unprojected':
      expect(await apply(world.applier(away))).toMatchObject({ isProjected: false, rejected: [] });
      await sweepNow(world);
      return;
    case 'not committed': {
      const { writer } = store.databases;
      const database: typeof writer = {
        ...writer,
        transaction: (work) =>
          writer.transaction(async (transaction) => {
            await work(transaction);
            throw new UnavailableError('postgres', new Error('gone before the commit'));
          }),
      };
      const failing = createApplyEvents({ database, cache: store.cache, registries: store.core.registries, clock });
      await expect(apply(failing)).rejects.toThrow(UnavailableError);
      await apply(world.applier());
      return;
    }
    case 'with a lost cache': {
      const forgetting = entities.map((entityId) => world.forget(entityId));
      await Promise.all([apply(world.applier()), readAll(), ...forgetting, readAll()]);
      return;
    }
    default:
      expect((await apply(world.applier())).rejected).toEqual([]);
  }
}

async function sweepNow({ store }: StreamWorld): Promise<void> {
  await store.databases.admin.rows({
    name: 'age_marks',
    text: `UPDATE feature_store.pending_projections SET created_at = now() - interval '1 minute' WHERE tenant_id = $1`,
    values: [store.tenant.ctx.tenantId],
  });
  await sweepProjections({ database: store.databases.writer, cache: store.cache });
}

interface Checked {
  readonly all: string;
  readonly some: string;
  readonly entity: (user: string) => string;
  readonly sent: readonly Sent[];
}

async function check({ store, clock }: StreamWorld, { all, some, entity, sent }: Checked): Promise<void> {
  const now = clock.nowMicros();
  const feature_names = [all, some].flatMap((view) => names.map((name) => `${view}:${name}`));
  const entity_ids = users.map(entity);
  const online = await store.post('/api/v1/features/online', { entity_ids, feature_names });
  const timestamp = formatMicros(now);
  const body = { entity_ids, feature_names, timestamp };
  const asOf = await store.post('/api/v1/features/batch', body);
  const known = await store.post('/api/v1/features/batch', { ...body, known_at: timestamp });
  for (const [place, user] of users.entries()) {
    const ofUser = sent.filter((event) => event.user === user);
    const passing = ofUser.filter(({ fields }) => Number(fields.amount ?? 0) > 1);
    const expected = [
      ...Object.values(aggregations).map((aggregation) => naiveWindow(ofUser, aggregation, now)),
      ...Object.values(aggregations).map((aggregation) => naiveWindow(passing, aggregation, now, ttl)),
    ];
    const of = (answer: typeof asOf) =>
      feature_names.map((name) => [answer.json.rows[place].statuses[name], answer.json.rows[place].features[name]]);
    const row = online.json.rows[place];
    const said = feature_names.map((_, index) => [row.statuses[index], row.values[index]]);
    const where = `${entity(user)} at ${timestamp}`;
    const oracle = expected.map(({ status, value }) => [status, status === 'PRESENT' ? near(value) : null]);
    expect(said, `online, ${where}`).toEqual(oracle);
    expect(of(asOf), `as of, ${where}`).toEqual(oracle);
    expect(of(known), `known at, ${where}`).toEqual(oracle);
  }
}

/** Floating sums to 1e-9 relative. */
function near(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return expect.closeTo(value, Math.max(0, 8 - Math.ceil(Math.log10(Math.abs(value) + 1))));
}
