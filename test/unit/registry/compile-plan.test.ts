import { expect, test } from 'vitest';
import { compilePlan, microsPerHour } from '../../../shared/registry/compile-plan.ts';
import { newestOf } from '../../../shared/registry/model.ts';
import { resolveFeature, viewsByFeature } from '../../../shared/registry/resolve.ts';
import { definitionOf, viewOf } from './registry-samples.ts';

const int64 = (name: string, ttl_hours: number | null = null) => ({ name, dtype: 'int64', ttl_hours });

const profile = viewOf(
  definitionOf({ name: 'profile', features: [int64('age'), int64('score', 0.5), int64('size')], ttl_hours: 24 }),
  definitionOf({ name: 'profile', features: [int64('age'), int64('score', 0.5), int64('size')] }),
);
const clicks = viewOf(definitionOf({ name: 'clicks', features: [int64('clicks')] }));
const shop = viewOf(definitionOf({ name: 'shop', entity_type: 'merchant', features: [int64('sales')] }));
const wide = ['a', 'b'].map((name) =>
  viewOf(definitionOf({ name, features: [0, 1, 2, 3, 4, 5].map((at) => int64(`${name}${at}`)) })),
);
const views = [profile, clicks, shop, ...wide];
const index = {
  views: new Map(views.map((view) => [view.name, view])),
  viewsByFeature: viewsByFeature(views.map(newestOf)),
};
const planOf = (...names: string[]) =>
  compilePlan(names.map((name) => ({ name, resolved: resolveFeature(index, name) })));

test('a plan has the features as they were asked for, in that order; one asked twice stands twice, and once among the distinct', () => {
  const plan = planOf('size', 'age', 'size', 'profile:size');
  expect(plan.names).toEqual(['size', 'age', 'size', 'profile:size']);
  expect(plan.features.map(({ name, jsonName }) => [name, jsonName])).toEqual([
    ['size', '"size"'],
    ['age', '"age"'],
    ['size', '"size"'],
    ['profile:size', '"profile:size"'],
  ]);
  expect(plan.distinctFeatures.map(({ name }) => name)).toEqual(['size', 'age', 'profile:size']);
});

test('a plan reads each table once, whatever the names: versions that share a table share its slot', () => {
  const plan = planOf('profile@1:age', 'age', 'profile:size', 'age');
  expect(plan.slots).toBe(1);
  expect(plan.entities).toMatchObject([{ entityType: 'user', fields: ['profile_v1'], firstSlot: 0 }]);
  expect(plan.entities[0]?.tables[0]?.features.map(({ name }) => name)).toEqual(['age', 'size']);
  expect(plan.features.map(({ version, slot }) => [version, slot])).toEqual([
    [1, 0],
    [2, 0],
    [2, 0],
    [2, 0],
  ]);
});

test('features asked one after another that are neighbours of one TTL in their table are a run', () => {
  const runsOf = (...names: string[]) =>
    planOf(...names).runs.map(({ features, beginsRow, presentStatuses }) => [
      features.map(({ name }) => name).join(),
      beginsRow,
      presentStatuses,
    ]);
  expect(runsOf('a0', 'a1', 'a2', 'b0', 'a1', 'a0')).toEqual([
    ['a0,a1,a2', true, '"PRESENT","PRESENT","PRESENT"'],
    ['b0', true, '"PRESENT"'],
    ['a1', false, '"PRESENT"'],
    ['a0', true, '"PRESENT"'],
  ]);
  expect(runsOf('age', 'score', 'size').map(([names]) => names)).toEqual(['age', 'score', 'size']);
});

test('entity types and tables stand in the order of their first feature, and slots count through all of them', () => {
  const plan = planOf('sales', 'clicks', 'age', 'sales', 'score');
  expect(plan.entities.map(({ entityType, fields, firstSlot }) => [entityType, fields, firstSlot])).toEqual([
    ['merchant', ['shop_v1'], 0],
    ['user', ['clicks_v1', 'profile_v1'], 1],
  ]);
  expect(plan.slots).toBe(3);
  expect(plan.features.map(({ entity, table, slot }) => [entity, table, slot])).toEqual([
    [0, 0, 0],
    [1, 0, 1],
    [1, 1, 2],
    [0, 0, 0],
    [1, 1, 2],
  ]);
});

test("the TTL is the feature's, else the view's, else none, and of the version that was asked for", () => {
  const ttls = planOf('profile@1:score', 'profile@1:age', 'profile@2:score', 'profile@2:age');
  expect(ttls.features.map(({ ttlMicros }) => ttlMicros)).toEqual([
    microsPerHour / 2,
    24 * microsPerHour,
    microsPerHour / 2,
    Number.POSITIVE_INFINITY,
  ]);
});

test('a TTL is whole microseconds, however its hours were written', () => {
  for (const micros of [1, 7, 90_000_007, 3_599_999_999, 86_400_000_001]) {
    const view = viewOf(definitionOf({ features: [int64('age')], ttl_hours: micros / microsPerHour }));
    const version = newestOf(view);
    const [feature] = version.features;
    if (feature === undefined) throw new Error('the view has a feature');
    const plan = compilePlan([{ name: 'age', resolved: { version, feature } }]);
    expect(plan.features[0]?.ttlMicros).toBe(micros);
  }
});

test('nothing asked is an empty plan', () => {
  expect(compilePlan([])).toEqual({
    names: [],
    features: [],
    runs: [],
    listHead: '{"feature_names":[],"rows":[',
    distinctFeatures: [],
    slots: 0,
    entities: [],
  });
});
