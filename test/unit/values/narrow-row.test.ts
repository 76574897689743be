import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePlan, microsPerHour } from '../../../shared/registry/compile-plan.ts';
import { resolveFeature, viewsByFeature } from '../../../shared/registry/resolve.ts';
import { copyText, narrowRow } from '../../../shared/values/narrow-row.ts';
import { type StoredRow, statusOf } from '../../../shared/values/stored-row.ts';
import { definitionOf, viewOf } from '../registry/registry-samples.ts';

const features = ['a', 'b', 'c', 'd'].map((name, index) => ({
  name,
  dtype: 'string',
  ttl_hours: index === 1 ? 2 : null,
}));
// Two versions over one table: the same value within its TTL by one name and out of it by another.
const profile = viewOf(definitionOf({ features, ttl_hours: 1 }), definitionOf({ features, ttl_hours: 3 }));
const index = { views: new Map([['profile', profile]]), viewsByFeature: viewsByFeature(profile.versions.slice(-1)) };
const names = ['profile@1', 'profile@2'].flatMap((view) => features.map(({ name }) => `${view}:${name}`));

const value = fc.oneof(fc.constant(undefined), fc.constant('null'), fc.string().map(JSON.stringify));

/** Of a row its own; of windows, whose row is as old as the newest of them, one for each that has an event. */
const eventTimes = fc.oneof(
  fc.constant(undefined),
  fc.array(fc.oneof(fc.constant(null), fc.integer({ min: -2, max: 0 })), { minLength: 4, maxLength: 4 }),
);

test('a narrowed row answers what the whole one does, be it of windows, at any age and of any features', () => {
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 4 }),
      eventTimes,
      fc.subarray(names, { minLength: 1 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: -1, max: 1 }),
      (values, times, asked, hours, micros) => {
        const { features: wanted } = compilePlan(
          asked.map((name) => ({ name, resolved: resolveFeature(index, name) })),
        );
        const ofRow = { eventMicros: 1000, createdMicros: 2000, revision: 1, values };
        const ages = times?.map((age) => (age === null ? null : ofRow.eventMicros + age * microsPerHour));
        const row: StoredRow = ages === undefined ? ofRow : { ...ofRow, eventTimes: ages };
        const asOfMicros = row.eventMicros + hours * microsPerHour + micros;
        const answerOf = (of: StoredRow) =>
          wanted.map(({ feature: { position }, ttlMicros }) => {
            const status = statusOf(of, position, ttlMicros, asOfMicros);
            return [status, status === 'PRESENT' ? of.values[position] : null];
          });
        const narrowed = narrowRow(row, wanted, asOfMicros, copyText);
        expect(answerOf(narrowed.row)).toEqual(answerOf(row));

        // What is left is what is answered, each value once: a lower bound of the answer.
        const statuses = answerOf(row);
        const positions = wanted.map(({ feature }) => feature.position);
        const answered = [...new Set(positions.filter((_, at) => /PRESENT|NULL/.test(statuses[at]?.[0] ?? '')))];
        const texts = answered.map((position) => row.values[position] ?? '');
        expect(narrowed.length).toBe(texts.join('').length);
      },
    ),
  );
});
