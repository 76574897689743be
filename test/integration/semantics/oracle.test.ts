import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { caches, runsOf } from '../../support/lane.ts';
import { naiveAnswer, type OracleAnswer, type OracleRow } from '../../support/naive-oracle.ts';
import { microsOf, type RandomRow, requests, type Scenario, scenarioOf } from './random-histories.ts';
import { createWorld, recordedRows, ttlOf, type World } from './semantics-setup.ts';

const scenarios = runsOf(10);
const histories = 350;

/** Sections 1 to 3 on random histories: what the store answers is what a scan over all rows says. */
describe.each(caches)('Random histories, with cache %s', (cache) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ cache });
  });
  afterAll(() => world.store.close());

  test(`${scenarios * histories} of them answer online and as of any moment as the oracle does`, async () => {
    const seen = new Map<string, number>();
    const property = fc.asyncProperty(scenarioOf(histories), (scenario) => runScenario(world, scenario, seen));
    // A failure is reported with its seed; to shrink a history of thousands of rows would take minutes.
    await fc.assert(property, { numRuns: scenarios, endOnFailure: true });
    for (const status of ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE'])
      expect(seen.get(status), status).toBeGreaterThan(500);
  }, 120_000);
});

interface Sent extends Omit<OracleRow, 'recordedMicros'> {
  readonly values: RandomRow['values'];
}

async function runScenario(world: World, scenario: Scenario, seen: Map<string, number>): Promise<void> {
  const { viewTtl, ownTtl } = scenario;
  const ttls = [viewTtl, ownTtl].filter((ttl) => ttl !== null);
  const allRows = scenario.histories.flatMap(({ rows }) => rows);
  const onlineAt = scenario.onlineAt.map((moment) => microsOf(moment, allRows, ttls));
  const first = { name: 'a', dtype: 'int64', ...(ownTtl === null ? {} : { ttl_hours: ttlOf(ownTtl) }) };
  const features = [first, { name: 'b', dtype: 'string' }];
  const more = viewTtl === null ? {} : { ttl_hours: ttlOf(viewTtl) };
  const view = await world.view(features, more);
  const ask = asking(world, view, scenario, seen);

  const sent: Sent[] = [];
  let hasAll = false;
  for (let request = 0; request < requests; request++) {
    sent.push(...(await sendRequest(world, view, scenario, request, hasAll)));
    if (request === scenario.addedAfter) {
      const definition = { name: view, entity_type: 'user', retention_days: 0, ...more };
      const withAll = { ...definition, features: [...features, { name: 'c', dtype: 'bool' }] };
      expect((await world.store.post('/api/v1/feature-views', withAll)).status).toBe(201);
      hasAll = true;
    }
    const some = scenario.histories.map((_, index) => index).filter((index) => index % 4 === request % 4);
    await ask.online(sent.map(neverRecorded), some, onlineAt[request] ?? 0, hasAll);
  }
  const everyone = scenario.histories.map((_, index) => index);
  for (const at of onlineAt.slice(requests)) await ask.online(sent.map(neverRecorded), everyone, at, hasAll);

  const rows = await withRecordedTimes(world, view, sent);
  const recorded = [...new Set(rows.map(({ recordedMicros }) => recordedMicros))].sort((a, b) => a - b);
  for (const known of [undefined, ...scenario.known]) {
    const place = (known?.row ?? 0) % Math.max(recorded.length, 1);
    const [before = 0, at = 0] = [recorded[place - 1] ?? (recorded[place] ?? 0) - 2, recorded[place]];
    const shifted = known?.shift === 'between' ? Math.floor((before + at) / 2) : at + (known?.shift ?? 0);
    await ask.asOf(rows, known === undefined ? Number.POSITIVE_INFINITY : shifted, ttls);
  }
}

const neverRecorded = (row: Sent): OracleRow => ({ ...row, recordedMicros: 0 });

/** Sends one request of all histories' rows, and answers what of it stands: of one entity and time the later row. */
async function sendRequest(
  { clock, write }: World,
  view: string,
  { histories: all, arrivals, addedAfter }: Scenario,
  request: number,
  hasAll: boolean,
): Promise<Sent[]> {
  const rows = all
    .flatMap(({ rows: ofEntity }, index) => ofEntity.map((row) => ({ ...row, entityId: `h${index}` })))
    .filter((row) => row.request === request)
    .sort((a, b) => a.place - b.place);
  if (rows.length === 0) return [];
  const createdMicros = arrivals[request] ?? 0;
  clock.arriveAt(createdMicros);
  const valuesOf = ({ a, b, c }: RandomRow['values']) => (hasAll ? { a, b, c } : { a, b });
  await write(
    view,
    rows.map(({ entityId, eventMicros, values }) => [entityId, eventMicros, valuesOf(values)]),
  );
  const revision = request > addedAfter ? 2 : 1;
  const stands = new Map(
    rows.map((row) => [`${row.entityId} ${row.eventMicros}`, { ...row, createdMicros, revision }]),
  );
  return [...stands.values()];
}

async function withRecordedTimes(world: World, view: string, sent: readonly Sent[]): Promise<OracleRow[]> {
  const keyOf = (row: Omit<Sent, 'revision' | 'values'>) => `${row.entityId} ${row.eventMicros} ${row.createdMicros}`;
  const stored = await recordedRows(world, view);
  const recorded = new Map(stored.map((row) => [keyOf({ ...row }), row.recordedMicros]));
  expect(stored.length).toBe(new Set(sent.map(keyOf)).size);
  return sent.map((row) => ({ ...row, recordedMicros: recorded.get(keyOf(row)) ?? Number.NaN }));
}

/** Asks the store and the oracle the same, and expects the same of both. */
function asking({ store, clock }: World, view: string, scenario: Scenario, seen: Map<string, number>) {
  const infinite = Number.POSITIVE_INFINITY;
  const viewTtl = scenario.viewTtl ?? infinite;
  const known = { a: [1, scenario.ownTtl ?? viewTtl], b: [1, viewTtl], c: [2, viewTtl] } as const;
  const namesOf = (hasAll: boolean) => (hasAll ? (['a', 'b', 'c'] as const) : (['a', 'b'] as const));

  const byEntity = (rows: readonly OracleRow[]) => Map.groupBy(rows, ({ entityId }) => entityId);
  const answerOf = (
    rows: ReadonlyMap<string, readonly OracleRow[]>,
    entityId: string,
    feature: 'a' | 'b' | 'c',
    asOfMicros: number,
    knownAtMicros: number,
  ): OracleAnswer => {
    const [sinceRevision, ttlMicros] = known[feature];
    const question = { entityId, feature, sinceRevision, ttlMicros, asOfMicros, knownAtMicros };
    const answer = naiveAnswer(rows.get(entityId) ?? [], question);
    seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
    return answer;
  };

  return {
    online: async (rows: readonly OracleRow[], some: readonly number[], at: number, hasAll: boolean): Promise<void> => {
      clock.set(at);
      const entity_ids = some.map((index) => `h${index}`);
      const names = namesOf(hasAll);
      const feature_names = names.map((name) => `${view}:${name}`);
      const { json, text } = await store.post('/api/v1/features/online', { entity_ids, feature_names });
      const grouped = byEntity(rows);
      expect(json.rows, text.slice(0, 500)).toHaveLength(entity_ids.length);
      for (const [place, entityId] of entity_ids.entries()) {
        const answers = names.map((name) => answerOf(grouped, entityId, name, at, infinite));
        const expected = {
          entity_id: entityId,
          values: answers.map(({ value }) => value),
          statuses: answers.map(({ status }) => status),
        };
        expect(json.rows[place], `${view} online at ${formatMicros(at)}`).toEqual(expected);
        // Answers of one entity say the event time too; a few are enough.
        if (place < 3) await expectMetadata(store, entityId, feature_names, at, answers);
      }
    },

    asOf: async (rows: readonly OracleRow[], knownAt: number, ttls: readonly number[]): Promise<void> => {
      const spine = scenario.histories.flatMap(({ rows: ofEntity, moments }, index) =>
        moments.map((moment) => ({ entity_id: `h${index}`, micros: microsOf(moment, ofEntity, ttls) })),
      );
      const names = namesOf(true);
      const { json, text } = await store.post('/api/v1/features/batch', {
        entity_rows: spine.map(({ entity_id, micros }) => ({ entity_id, timestamp: formatMicros(micros) })),
        feature_names: names.map((name) => `${view}:${name}`),
        ...(knownAt === infinite ? {} : { known_at: formatMicros(knownAt) }),
      });
      const grouped = byEntity(rows);
      expect(json.rows, text.slice(0, 500)).toHaveLength(spine.length);
      for (const [place, { entity_id, micros }] of spine.entries()) {
        const answers = names.map((name) => answerOf(grouped, entity_id, name, micros, knownAt));
        const { features, statuses } = json.rows[place];
        const found = names.map((name) => [statuses[`${view}:${name}`], features[`${view}:${name}`]]);
        const where = `${view} of ${entity_id} as of ${formatMicros(micros)} known at ${knownAt}`;
        expect(found, where).toEqual(answers.map(({ status, value }) => [status, value]));
      }
    },
  };
}

async function expectMetadata(
  store: World['store'],
  entityId: string,
  feature_names: readonly string[],
  at: number,
  answers: readonly OracleAnswer[],
): Promise<void> {
  const { json } = await store.post('/api/v1/features/online', { entity_id: entityId, feature_names });
  const metadata = answers.map(({ status, eventMicros }) => ({
    status,
    event_time: eventMicros === null ? null : formatMicros(eventMicros),
    // To the millisecond: half of one is rounded up.
    age_seconds: eventMicros === null ? null : Math.round((at - eventMicros) / 1000) / 1000,
    version: 1,
  }));
  expect(Object.values(json.metadata)).toEqual(metadata);
  expect(Object.values(json.features)).toEqual(answers.map(({ value }) => value));
}
