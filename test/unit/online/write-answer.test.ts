import fc from 'fast-check';
import { expect, test } from 'vitest';
import { onlineRequestSchema } from '../../../shared/contract/online.ts';
import { bindEntities } from '../../../shared/online/bind-entities.ts';
import { writeManyAnswer, writeOneAnswer } from '../../../shared/online/write-answer.ts';
import { compilePlan, microsPerHour } from '../../../shared/registry/compile-plan.ts';
import { newestOf } from '../../../shared/registry/model.ts';
import { resolveFeature, viewsByFeature } from '../../../shared/registry/resolve.ts';
import { parseStoredRow, type StoredRow, statusOf } from '../../../shared/values/stored-row.ts';
import { definitionOf, viewOf } from '../registry/registry-samples.ts';

const views = ['a', 'b'].map((name) =>
  viewOf(
    definitionOf({
      name,
      features: Array.from({ length: 6 }, (_, index) => ({
        name: `${name}${index}`,
        dtype: 'string',
        ttl_hours: index === 4 ? 1 : null,
      })),
      ttl_hours: 3,
    }),
  ),
);
const index = {
  views: new Map(views.map((view) => [view.name, view])),
  viewsByFeature: viewsByFeature(views.map(newestOf)),
};
const planOf = (names: readonly string[]) =>
  compilePlan(names.map((name) => ({ name, resolved: resolveFeature(index, name) })));

const allNames = views.flatMap((view) => newestOf(view).features.map(({ name }) => name));
/** All in order, as most requests have them; some in order; any in any order. */
const asked = fc.oneof(
  fc.constant(allNames),
  fc.subarray(allNames, { minLength: 1 }),
  fc.array(fc.constantFrom(...allNames), { minLength: 1 }),
);
const value = fc.oneof(
  { arbitrary: fc.jsonValue().filter((given) => given !== null), weight: 20 },
  { arbitrary: fc.constant(null), weight: 1 },
);
const row = fc.option(
  fc.record({
    hoursAgo: fc.integer({ min: 0, max: 4 }),
    // Shorter ones are older than the last columns.
    values: fc.oneof(
      { arbitrary: fc.array(value, { minLength: 6, maxLength: 6 }), weight: 5 },
      { arbitrary: fc.array(value, { maxLength: 6 }), weight: 1 },
    ),
  }),
  { freq: 8, nil: undefined },
);
const asOfMicros = 1_780_000_000_000_000;

test('answers have what each feature has by itself, whether rows are copied in pieces or taken apart', () => {
  fc.assert(
    fc.property(
      asked,
      fc.array(row, { minLength: 4, maxLength: 4 }),
      fc.subarray([0, 1, 2, 3], { maxLength: 1 }),
      fc.boolean(),
      (names, rows, unavailable, include_metadata) => {
        const plan = planOf(names);
        const entity_ids = ['u"1', 'u2'];
        const request = { feature_names: names, include_metadata };
        const stored = rows.map((given): StoredRow | undefined =>
          given === undefined
            ? undefined
            : parseStoredRow(JSON.stringify([asOfMicros - given.hoursAgo * microsPerHour, 7, 1, ...given.values])),
        );
        const answer = (bound: ReturnType<typeof bindEntities>) => ({
          ...{ bound: bound.rows, stored, asOfMicros, unavailable: new Set(unavailable) },
          ...{ includeMetadata: include_metadata, maxBytes: 100_000 },
        });
        const many = bindEntities(plan, onlineRequestSchema.parse({ ...request, entity_ids }));
        const one = bindEntities(plan, onlineRequestSchema.parse({ ...request, entity_id: entity_ids[0] }));

        const expected = many.rows.map(({ entities: [entity] }) =>
          plan.features.map(({ feature, table, ttlMicros }) => {
            const place = (entity?.firstPlace ?? 0) + table;
            const status = unavailable.includes(place)
              ? 'UNAVAILABLE'
              : statusOf(stored[place], feature.position, ttlMicros, asOfMicros);
            return { status, value: status === 'PRESENT' ? (rows[place]?.values[feature.position] ?? null) : null };
          }),
        );
        expect(JSON.parse(writeManyAnswer(plan, answer(many)))).toEqual(
          JSON.parse(
            JSON.stringify({
              feature_names: names,
              rows: expected.map((features, place) => ({
                entity_id: entity_ids[place],
                values: features.map((feature) => feature.value),
                ...(include_metadata && { statuses: features.map(({ status }) => status) }),
              })),
            }),
          ),
        );
        const written = JSON.parse(writeOneAnswer(plan, answer(one)));
        for (const [at, name] of names.entries()) {
          const { status, value: there } = expected[0]?.[at] ?? {};
          expect(written.features[name]).toEqual(JSON.parse(JSON.stringify(there)));
          if (include_metadata) expect(written.metadata[name].status).toBe(status);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test.each([
  ['copied', allNames],
  ['taken apart', allNames.toReversed()],
])('an answer over its limit is refused, its rows %s', (_, names) => {
  const plan = planOf(names);
  const { rows: bound } = bindEntities(plan, onlineRequestSchema.parse({ entity_ids: ['u'], feature_names: names }));
  const stored = ['a', 'b'].map((text) => parseStoredRow(JSON.stringify([1, 1, 1, ...new Array(6).fill(text)])));
  const answer = { bound, stored, asOfMicros: 2, unavailable: new Set<number>(), includeMetadata: true };
  expect(() => writeManyAnswer(plan, { ...answer, maxBytes: 35 })).toThrow('35 bytes');
  expect(JSON.parse(writeManyAnswer(plan, { ...answer, maxBytes: 250 })).rows).toHaveLength(1);
});
