import fc from 'fast-check';
import { expect, test } from 'vitest';
import { onlineRequestSchema } from '../../../shared/contract/online.ts';
import { bindEntities } from '../../../shared/online/bind-entities.ts';
import { tripsOf } from '../../../shared/online/read-parts.ts';
import { compilePlan } from '../../../shared/registry/compile-plan.ts';
import { newestOf } from '../../../shared/registry/model.ts';
import { resolveFeature, viewsByFeature } from '../../../shared/registry/resolve.ts';
import { definitionOf, viewOf } from '../registry/registry-samples.ts';

const views = [
  ['user', 'profile'],
  ['user', 'clicks'],
  ['user', 'orders'],
  ['merchant', 'shop'],
].map(([entity_type, name = '']) =>
  viewOf(definitionOf({ name, entity_type, features: [{ name: `f_${name}`, dtype: 'int64' }] })),
);
const index = {
  views: new Map(views.map((view) => [view.name, view])),
  viewsByFeature: viewsByFeature(views.map(newestOf)),
};
const planOf = (...names: string[]) =>
  compilePlan(names.map((name) => ({ name, resolved: resolveFeature(index, name) })));

const everything = planOf('f_profile', 'f_shop', 'f_clicks', 'f_orders');

const request = (entity_rows: { user: string; merchant: string }[]) =>
  onlineRequestSchema.parse({ entity_rows, feature_names: ['f_profile'] });

test('an entity that a request names several times is read once, and each of its rows finds it', () => {
  const rows = [
    { user: 'a', merchant: 'm' },
    { user: 'm', merchant: 'm' },
    { user: 'a', merchant: 'a' },
    { user: 'a', merchant: 'm' },
  ];
  const bound = bindEntities(everything, request(rows));
  expect(bound.entities.map(({ planned, entityId, firstPlace }) => [planned.entityType, entityId, firstPlace])).toEqual(
    [
      ['user', 'a', 0],
      ['merchant', 'm', 3],
      ['user', 'm', 4],
      ['merchant', 'a', 7],
    ],
  );
  expect(bound.rows.map(({ entities }) => entities.map(({ entityId }) => entityId))).toEqual(
    rows.map(({ user, merchant }) => [user, merchant]),
  );
});

test('trips read each row of each table once, in order, never more at once than they may', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ user: fc.constantFrom('a', 'b', 'c'), merchant: fc.constantFrom('m', 'n') }), {
        minLength: 1,
      }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      (rows, sizes) => {
        const { entities } = bindEntities(everything, request(rows));
        const allowed: number[] = [];
        const mostAtOnce = () => {
          const most = sizes[allowed.length % sizes.length] ?? 1;
          allowed.push(most);
          return most;
        };
        const read: number[] = [];
        const lengths: number[] = [];
        for (const parts of tripsOf(entities, mostAtOnce)) {
          const places = parts.flatMap(({ entity, from, to }) =>
            Array.from({ length: to - from }, (_, table) => entity.firstPlace + from + table),
          );
          read.push(...places);
          lengths.push(places.length);
        }
        const last = entities.at(-1);
        const all = (last?.firstPlace ?? 0) + (last?.planned.tables.length ?? 0);
        expect(read).toEqual(Array.from({ length: all }, (_, place) => place));
        // All but the last are full.
        expect(lengths.slice(0, -1)).toEqual(allowed.slice(0, lengths.length - 1));
        expect(lengths.at(-1)).toBeLessThanOrEqual(allowed[lengths.length - 1] ?? 0);
      },
    ),
  );
});
