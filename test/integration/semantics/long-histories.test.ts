import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { runsOf } from '../../support/lane.ts';
import { naiveAnswer, type OracleRow } from '../../support/naive-oracle.ts';
import { describeEachCache, hour, recordedRows, second, start, type World } from './semantics-setup.ts';

const day = 24 * hour;
const year = 365 * day;
const entities = 40;
const places = 2500;

/** How long before `start` rows lie: near each other, a month or years apart, and decades. */
const ages = [0, day, 30 * day, 39 * day, 41 * day, 200 * day, year, 5 * year, 19.9 * year, 20.2 * year, 41 * year];
const age = fc
  .tuple(fc.constantFrom(...ages), fc.integer({ min: -1, max: hour }))
  .map(([before, more]) => start - before - more);
const entity = fc.nat(entities + 2).map((index) => `h${index}`);
const history = fc.record({
  /** Written in three requests; a time that comes again in a later one corrects it. */
  rows: fc.array(fc.record({ entityId: entity.filter((id) => id !== `h${entities}`), eventMicros: age }), {
    minLength: 100,
    maxLength: 200,
  }),
  spine: fc.array(
    fc.record({
      entityId: entity,
      micros: fc.oneof(age, fc.integer({ min: -year, max: start + year })),
      step: fc.constantFrom(-1, 0, 1),
    }),
    { minLength: places, maxLength: places },
  ),
});

/** Section 1 where rows lie years apart: most of a table is not looked at then. */
describeEachCache('Histories of decades', (world) => {
  test(`of random rows answer ${places} places as of any time as the oracle does, whatever was known`, async () => {
    const property = fc.asyncProperty(history, async ({ rows, spine }) => {
      const view = await world().view(['a']);
      const sent = await writeInRequests(world(), view, rows, 3);
      const asked = spine.map(({ entityId, micros, step }) => ({ entityId, micros: micros + step }));
      const times = [...new Set(sent.map(({ recordedMicros }) => recordedMicros))].sort((a, b) => a - b);
      expect(times).toHaveLength(3);
      for (const known of [undefined, ...times]) await expectOracle(world(), view, sent, asked, known);
    });
    await fc.assert(property, { numRuns: runsOf(3), endOnFailure: true });
  }, 120_000);

  test('the row of the first moment there is stands until the next one, 56 years later', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    await write(name, [
      ['u', 0, { a: 1 }],
      ['u', start, { a: 2 }],
      ['v', start, { a: 3 }],
    ]);
    for (const micros of [0, year, 19 * year, 21 * year, 41 * year, start - 1])
      expect(await asOf('u', `${name}:a`, micros)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, -1)).toEqual(['NOT_FOUND', null]);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 2]);
    expect(await asOf('v', `${name}:a`, start - 1)).toEqual(['NOT_FOUND', null]);
  });

  test('of rows of long ago the newest is the answer', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    await write(
      name,
      [50, 45, 25, 0].map((years) => ['u', start - years * year, { a: years }]),
    );
    expect(await asOf('u', `${name}:a`, start - 1)).toEqual(['PRESENT', 25]);
    expect(await asOf('u', `${name}:a`, start - 25 * year - 1)).toEqual(['PRESENT', 45]);
  });

  test('a newest row that is still to come is no answer as of now, and one as of its time', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    await write(name, [
      ['u', start - 3 * year, { a: 1 }],
      ['u', start + 30 * second, { a: 2 }],
      ['v', start + 30 * second, { a: 3 }],
    ]);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start + 30 * second - 1)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start + 30 * second)).toEqual(['PRESENT', 2]);
    expect(await asOf('v', `${name}:a`, start)).toEqual(['NOT_FOUND', null]);
    expect(await asOf('v', `${name}:a`, start + year)).toEqual(['PRESENT', 3]);
  });

  test('a row of 4 years ago is the answer as of now, with a known_at after it was recorded and not before', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    await write(name, [['u', start - 4 * year, { a: 1 }]]);
    const [row] = await recordedRows(world(), name);
    const recorded = row?.recordedMicros ?? 0;
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start, formatMicros(recorded))).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start, formatMicros(recorded - 1))).toEqual(['NOT_FOUND', null]);
    expect(await asOf('u', `${name}:a`, start - 4 * year - 1)).toEqual(['NOT_FOUND', null]);
  });

  test('a correction of the newest row counts from when it was recorded', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    for (const a of [1, 2]) await write(name, [['u', start - 4 * year, { a }]]);
    const [before, after] = (await recordedRows(world(), name)).map(({ recordedMicros }) => recordedMicros);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 2]);
    expect(await asOf('u', `${name}:a`, start, formatMicros(before ?? 0))).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start, formatMicros(after ?? 0))).toEqual(['PRESENT', 2]);
  });

  test('a row of which much more is stored than is asked for is the answer, as of now and years before', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a', { name: 'text', dtype: 'string' }]);
    await write(name, [
      ['u', start - 8 * year, { a: 1, text: 'x'.repeat(6000) }],
      ['u', start - 4 * year, { a: 2, text: 'é'.repeat(3000) }],
    ]);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 2]);
    expect(await asOf('u', `${name}:a`, start - 4 * year)).toEqual(['PRESENT', 2]);
    expect(await asOf('u', `${name}:a`, start - 4 * year - 1)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:text`, start)).toEqual(['PRESENT', 'é'.repeat(3000)]);
  });

  test('a row written before a feature was added says NOT_FOUND of it, from the newest row and from an older one', async () => {
    const { view, write, asOf, store } = world();
    const name = await view(['a']);
    await write(name, [
      ['u', start - 4 * year, { a: 1 }],
      ['u', start - 3 * year, { a: 2 }],
    ]);
    const body = { name, entity_type: 'user', retention_days: 0, features: ['a', 'b'].map(int64) };
    expect((await store.post('/api/v1/feature-views', body)).status).toBe(201);
    await write(name, [['v', start - 3 * year, { a: 3 }]]);
    for (const micros of [start, start - 3 * year - 1]) {
      expect(await asOf('u', `${name}:b`, micros)).toEqual(['NOT_FOUND', null]);
      expect((await asOf('u', `${name}:a`, micros))[0]).toBe('PRESENT');
    }
    expect(await asOf('v', `${name}:b`, start)).toEqual(['NULL_VALUE', null]);
  });
});

const int64 = (name: string) => ({ name, dtype: 'int64' });

/** Answers the rows that stand, in the order in which they were sent. */
async function writeInRequests(
  world: World,
  view: string,
  rows: readonly { readonly entityId: string; readonly eventMicros: number }[],
  requests: number,
): Promise<OracleRow[]> {
  const sent: Omit<OracleRow, 'recordedMicros'>[] = [];
  for (let request = 0; request < requests; request++) {
    const createdMicros = start + request;
    const ofRequest = rows.map((row, index) => ({ ...row, index })).filter(({ index }) => index % requests === request);
    world.clock.arriveAt(createdMicros);
    await world.write(
      view,
      ofRequest.map(({ entityId, eventMicros, index }) => [entityId, eventMicros, { a: index }]),
    );
    const stands = new Map(ofRequest.map((row) => [`${row.entityId} ${row.eventMicros}`, row]));
    for (const { entityId, eventMicros, index } of stands.values())
      sent.push({ entityId, eventMicros, createdMicros, revision: 1, values: { a: index } });
  }
  const keyOf = (row: { entityId: string; eventMicros: number; createdMicros: number }) =>
    `${row.entityId} ${row.eventMicros} ${row.createdMicros}`;
  const recorded = new Map((await recordedRows(world, view)).map((row) => [keyOf(row), row.recordedMicros]));
  return sent.map((row) => ({ ...row, recordedMicros: recorded.get(keyOf(row)) ?? Number.NaN }));
}

async function expectOracle(
  { store }: World,
  view: string,
  rows: readonly OracleRow[],
  spine: readonly { readonly entityId: string; readonly micros: number }[],
  knownAtMicros: number | undefined,
): Promise<void> {
  const { json, text } = await store.post('/api/v1/features/batch', {
    entity_rows: spine.map(({ entityId, micros }) => ({ entity_id: entityId, timestamp: formatMicros(micros) })),
    feature_names: [`${view}:a`],
    ...(knownAtMicros === undefined ? {} : { known_at: formatMicros(knownAtMicros) }),
  });
  expect(json.rows, text.slice(0, 500)).toHaveLength(spine.length);
  const byEntity = Map.groupBy(rows, ({ entityId }) => entityId);
  for (const [index, { entityId, micros }] of spine.entries()) {
    const { status, value } = naiveAnswer(byEntity.get(entityId) ?? [], {
      entityId,
      feature: 'a',
      sinceRevision: 1,
      ttlMicros: Number.POSITIVE_INFINITY,
      asOfMicros: micros,
      knownAtMicros: knownAtMicros ?? Number.POSITIVE_INFINITY,
    });
    const { features, statuses } = json.rows[index];
    const where = `${view} of ${entityId} as of ${formatMicros(micros)} known at ${knownAtMicros}`;
    expect([statuses[`${view}:a`], features[`${view}:a`]], where).toEqual([status, value]);
  }
}
