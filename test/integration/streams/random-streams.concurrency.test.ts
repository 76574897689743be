import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { sweepProjections } from '../../../shared/ingestion/index.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';
import { type ApplyEvents, createApplyEvents } from '../../../shared/stream/index.ts';
import { caches } from '../../support/lane.ts';
import type { OracleEvent } from '../../support/naive-windows.ts';
import {
  aggregations,
  type Checked,
  definitionsOf,
  finely,
  namesOf,
  oracleOf,
  type RandomView,
  type Sent,
  type Step,
  shuffled,
  stepArbitrary,
  ttl,
  users,
} from './random-steps.ts';
import { createStreamWorld, hour, incoming, noon, type StreamWorld } from './stream-world.ts';

const scenarios = 10;
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

/** What was answered online at a moment, when the database's clock said so. */
interface Answered {
  readonly asOfMicros: number;
  readonly knownAtMicros: number;
  readonly said: readonly unknown[];
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
  const all = await world.view(definitionsOf(aggregations), { source });
  const where = { where: 'amount > 1.0', ttl_hours: ttl / hour };
  const passes = ({ amount }: OracleEvent['fields']): boolean => Number(amount ?? 0) > 1;
  const views: RandomView[] = [
    { name: all, aggregations, passes: () => true },
    { name: await world.view(definitionsOf(aggregations), { source, ...where }), aggregations, passes, ttlMicros: ttl },
    {
      name: await world.view(definitionsOf(finely), { source, hop: '20s', where: where.where }),
      aggregations: finely,
      passes,
    },
  ];
  const sent: Sent[] = [];
  const answered: Answered[] = [];
  let ids = 0;

  for (const step of steps) {
    const now = clock.nowMicros();
    const given: Sent[] = step.events.map(({ user, ago, ...fields }) => ({
      ...{ user, fields, eventMicros: now - ago },
      // Byte order is not that of arrival.
      eventId: `${prefix}-${(ids * 7919) % 1000}-${ids++}`,
    }));
    const again = step.again.flatMap(({ place, isOther }) => {
      const event = sent[place % sent.length];
      if (event === undefined) return [];
      return [isOther ? { ...event, eventMicros: event.eventMicros - hour, fields: { amount: 77, shop: 7 } } : event];
    });
    const batch = shuffled([...given, ...again, ...given.slice(0, 2)]);
    await applyAs(
      world,
      { source, view: all, kind: step.kind },
      batch.map((event) => [event, event.user === null ? null : entity(event.user)]),
    );
    // The first of an id stands, whatever comes again.
    sent.push(...given);
    if (step.forgets) await world.forget(entity(step.events[0]?.user ?? 'u0'));
    answered.push(await check(world, { views, entity, sent }));
    clock.set(now + step.later);
    answered.push(await check(world, { views, entity, sent }));
  }
  await checkLater(world, { views, entity, sent }, answered);
}

async function applyAs(
  world: StreamWorld,
  { source, view, kind }: { readonly source: string; readonly view: string; readonly kind: Step['kind'] },
  batch: readonly (readonly [event: Sent, entityId: string | null])[],
): Promise<void> {
  const { store, clock } = world;
  const { ctx } = store.tenant;
  const arrival = clock.arrivalMicros();
  const events = batch.map(([{ eventId, eventMicros, fields }, entityId]) =>
    incoming([eventId, eventMicros, { ...fields, user_id: entityId }], arrival),
  );
  const apply = (applier: ApplyEvents, part = events) => applier(ctx, source, part);
  const away = { ...store.cache, writeNewest: () => Promise.reject(new UnavailableError('cache', new Error('away'))) };
  const entities = [...new Set(batch.flatMap(([, entityId]) => entityId ?? []))];
  const readAll = () =>
    store.post('/api/v1/features/online', {
      entity_ids: entities.length === 0 ? ['nobody'] : entities,
      feature_names: [`${view}:n_ever`],
    });
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

/** Online, as of now, and as of now by what is known now: all say what a scan says. */
async function check({ store, clock }: StreamWorld, checked: Checked): Promise<Answered> {
  const now = clock.nowMicros();
  const body = { entity_ids: users.map(checked.entity), feature_names: namesOf(checked) };
  const online = await store.post('/api/v1/features/online', body);
  const [database] = await store.databases.admin.rows<{ micros: number }>({
    name: 'clock',
    text: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::float8 AS micros',
  });
  const said = online.json.rows.map(({ statuses, values }: { statuses: unknown[]; values: unknown[] }) =>
    values.map((value, index) => [statuses[index], value]),
  );
  const oracle = oracleOf(checked, now);
  const at = formatMicros(now);
  expect(said, `online at ${at}`).toEqual(oracle);
  expect(await sayAsOf(store, checked, now), `as of ${at}`).toEqual(oracle);
  expect(await sayAsOf(store, checked, now, now), `as of ${at}, known then`).toEqual(oracle);
  return { asOfMicros: now, knownAtMicros: database?.micros ?? Number.NaN, said };
}

/** What was answered online is what is answered of then, by what was known then, to the last digit. */
async function checkLater({ store }: StreamWorld, checked: Checked, answered: readonly Answered[]): Promise<void> {
  for (const { asOfMicros, knownAtMicros, said } of answered) {
    const at = formatMicros(asOfMicros);
    expect(await sayAsOf(store, checked, asOfMicros, knownAtMicros), `known at ${at}`).toEqual(said);
    expect(await sayAsOf(store, checked, asOfMicros), `as of ${at}, by what came later`).toEqual(
      oracleOf(checked, asOfMicros),
    );
  }
}

async function sayAsOf(
  store: StreamWorld['store'],
  checked: Checked,
  asOfMicros: number,
  knownAtMicros?: number,
): Promise<unknown[]> {
  const feature_names = namesOf(checked);
  const { json, text } = await store.post('/api/v1/features/batch', {
    ...{ entity_ids: users.map(checked.entity), feature_names, timestamp: formatMicros(asOfMicros) },
    ...(knownAtMicros === undefined ? {} : { known_at: formatMicros(knownAtMicros) }),
  });
  expect(json.rows, text).toBeDefined();
  return users.map((_, place) => {
    const { statuses, features } = json.rows[place];
    return feature_names.map((name) => [statuses[name], features[name]]);
  });
}
