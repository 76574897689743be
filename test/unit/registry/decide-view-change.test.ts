import { describe, expect, test } from 'vitest';
import { newestOf } from '../../../shared/registry/model.ts';
import { decide, definitionOf, firstTime, laterTime, versionOf, viewOf } from './registry-samples.ts';

const a = { name: 'a', dtype: 'int64' };
const b = { name: 'b', dtype: 'string' };
const c = { name: 'c', dtype: 'bool' };

describe('a new view', () => {
  test('is version 1, revision 1, with a table of its own', () => {
    const change = decide(undefined, definitionOf());
    expect(change).toMatchObject({ kind: 'versioned', ownTable: true });
    expect(versionOf(change)).toMatchObject({ version: 1, revision: 1, table: 'profile_v1', retentionDays: 90 });
    expect(versionOf(change).features).toMatchObject([
      { name: 'a', position: 0, sinceRevision: 1 },
      { name: 'b', position: 1, sinceRevision: 1 },
    ]);
  });

  test('may say that it is version 1, and no other', () => {
    expect(decide(undefined, definitionOf({ version: 1 }))).toMatchObject({ kind: 'versioned' });
    expect(decide(undefined, definitionOf({ version: 2 }))).toMatchObject({ kind: 'conflict' });
  });
});

describe('the identical thing again', () => {
  test.each([
    ['as it was', {}],
    ['with its features in another order', { features: [b, a] }],
    ['with its version', { version: 1 }],
    ['with the defaults spelled out', { ttl_hours: null, description: '', tags: [], owner: null, retention_days: 90 }],
  ])('%s is a no-op', (_, given) => {
    const view = viewOf(definitionOf());
    expect(decide(view, definitionOf(given))).toEqual({ kind: 'none', version: newestOf(view) });
  });

  test('of an older version is a no-op where the version is said, and the next version where it is not', () => {
    const view = viewOf(definitionOf(), definitionOf({ ttl_hours: 5 }));
    expect(decide(view, definitionOf({ version: 1 }))).toEqual({ kind: 'none', version: view.versions[0] });
    expect(versionOf(decide(view, definitionOf()))).toMatchObject({ version: 3, ttlHours: null });
  });
});

describe('description, tags, owner, retention and staleness', () => {
  test.each([
    ['description', { description: 'new' }, { description: 'new' }],
    ['tags', { tags: ['x'] }, { tags: ['x'] }],
    ['owner', { owner: 'team' }, { owner: 'team' }],
    ['retention_days', { retention_days: 0 }, { retentionDays: 0 }],
    ['max_staleness_seconds', { max_staleness_seconds: 9 }, { maxStalenessSeconds: 9 }],
  ])('%s changes in place', (_, given, members) => {
    const view = viewOf(definitionOf());
    const change = decide(view, definitionOf(given));
    expect(change.kind).toBe('described');
    expect(versionOf(change)).toEqual({ ...newestOf(view), ...members, updatedAt: laterTime });
  });

  test("a feature's description and tags change in place, and only its updated_at moves", () => {
    const view = viewOf(definitionOf());
    const change = decide(view, definitionOf({ features: [a, { ...b, description: 'new', tags: ['x'] }] }));
    expect(change.kind).toBe('described');
    const [first, second] = versionOf(change).features;
    expect(first).toEqual(newestOf(view).features[0]);
    expect(second).toMatchObject({ description: 'new', tags: ['x'], createdAt: firstTime, updatedAt: laterTime });
  });

  test('an omitted member means its default, in a second registration too', () => {
    const view = viewOf(definitionOf({ description: 'old', tags: ['x'], owner: 'team', retention_days: 3 }));
    const change = decide(view, definitionOf());
    expect(change.kind).toBe('described');
    expect(versionOf(change)).toMatchObject({ description: '', tags: [], owner: null, retentionDays: 90 });
  });

  test('an omitted TTL means none: a new version', () => {
    const view = viewOf(definitionOf({ ttl_hours: 5 }));
    expect(versionOf(decide(view, definitionOf()))).toMatchObject({ version: 2, ttlHours: null, table: 'profile_v1' });
  });

  test('of an older version change in place where it is named', () => {
    const view = viewOf(definitionOf(), definitionOf({ ttl_hours: 5 }));
    const change = decide(view, definitionOf({ version: 1, owner: 'team' }));
    expect(change.kind).toBe('described');
    expect(versionOf(change)).toMatchObject({ version: 1, owner: 'team', ttlHours: null });
  });
});

describe('more features', () => {
  test('are added to the newest version in place: the next revision, after the columns there are', () => {
    const view = viewOf(definitionOf());
    const change = decide(view, definitionOf({ features: [c, b, a] }));
    expect(change).toMatchObject({ kind: 'extended', added: [{ name: 'c', position: 2, sinceRevision: 2 }] });
    expect(versionOf(change)).toMatchObject({ version: 1, revision: 2, table: 'profile_v1', updatedAt: laterTime });
    expect(versionOf(change).features).toMatchObject([
      { name: 'a', position: 0, sinceRevision: 1 },
      { name: 'b', position: 1, sinceRevision: 1 },
      { name: 'c', position: 2, sinceRevision: 2 },
    ]);
  });

  test('may come with the newest version named, and never with an older one', () => {
    const view = viewOf(definitionOf(), definitionOf({ ttl_hours: 5 }));
    const newest = definitionOf({ version: 2, ttl_hours: 5, features: [a, b, c] });
    expect(decide(view, newest)).toMatchObject({ kind: 'extended', version: { version: 2, revision: 2 } });
    const older = decide(view, definitionOf({ version: 1, features: [a, b, c] }));
    expect(older).toMatchObject({ kind: 'conflict', differences: ['feature c is not in it'] });
  });

  test('with other descriptions change both in place', () => {
    const view = viewOf(definitionOf());
    const change = decide(view, definitionOf({ description: 'new', features: [a, { ...b, tags: ['x'] }, c] }));
    expect(change).toMatchObject({ kind: 'extended', version: { description: 'new', revision: 2 } });
    expect(versionOf(change).features[1]?.tags).toEqual(['x']);
  });
});

describe('other TTLs', () => {
  test.each([
    ['of the view', { ttl_hours: 5 }],
    ['of a feature', { features: [{ ...a, ttl_hours: 5 }, b] }],
  ])('%s alone are a new version over the same table, with the same columns and revision', (_, given) => {
    const view = viewOf(definitionOf());
    const change = decide(view, definitionOf(given));
    expect(change).toMatchObject({ kind: 'versioned', ownTable: false, added: [] });
    const version = versionOf(change);
    expect(version).toMatchObject({ version: 2, revision: 1, table: 'profile_v1', createdAt: laterTime });
    const columns = newestOf(view).features.map(({ name, position, sinceRevision }) => ({
      name,
      position,
      sinceRevision,
    }));
    expect(version.features).toMatchObject(columns);
  });

  test('with more features are a new version over the same table, whose rows of before never had them', () => {
    const change = decide(viewOf(definitionOf()), definitionOf({ ttl_hours: 5, features: [c, a, b] }));
    expect(change).toMatchObject({ kind: 'versioned', ownTable: false, added: [{ name: 'c', position: 2 }] });
    expect(versionOf(change)).toMatchObject({ version: 2, revision: 2, table: 'profile_v1' });
    expect(versionOf(change).features[2]).toMatchObject({ name: 'c', sinceRevision: 2 });
  });

  test('again share the table that the version before shares', () => {
    const view = viewOf(definitionOf(), definitionOf({ ttl_hours: 5 }));
    expect(versionOf(decide(view, definitionOf({ ttl_hours: 6 })))).toMatchObject({ version: 3, table: 'profile_v1' });
  });
});

describe('what the table cannot hold', () => {
  test.each([
    ['another dtype', { features: [{ ...a, dtype: 'int32' }, b] }],
    ['another entity type', { entity_type: 'merchant' }],
    ['a feature removed', { features: [a] }],
    ['one removed and one added', { features: [a, c] }],
    ['a feature removed and another TTL', { features: [a], ttl_hours: 5 }],
  ])('%s: a new version with a table of its own', (_, given) => {
    const change = decide(viewOf(definitionOf()), definitionOf(given));
    expect(change).toMatchObject({ kind: 'versioned', ownTable: true });
    const version = versionOf(change);
    expect(version).toMatchObject({ version: 2, revision: 1, table: 'profile_v2' });
    expect(version.features.map(({ position, sinceRevision }) => [position, sinceRevision])).toEqual(
      version.features.map((_feature, position) => [position, 1]),
    );
  });

  test('and its next version shares the new table, not the first', () => {
    const view = viewOf(definitionOf(), definitionOf({ features: [a] }));
    const change = decide(view, definitionOf({ features: [a], ttl_hours: 5 }));
    expect(versionOf(change)).toMatchObject({ version: 3, table: 'profile_v2' });
  });
});

describe('an explicit version', () => {
  test.each([
    ['another TTL', { ttl_hours: 5 }, 'ttl_hours is null, not 5'],
    ['another dtype', { features: [{ ...a, dtype: 'bool' }, b] }, 'dtype of a is int64, not bool'],
    ['another entity type', { entity_type: 'merchant' }, 'entity_type is user, not merchant'],
    ['a missing feature', { features: [a] }, 'feature b is missing'],
    ["a feature's TTL", { features: [a, { ...b, ttl_hours: 2 }] }, 'ttl_hours of b is null, not 2'],
  ])('that exists is a conflict with %s, and says so', (_, given, difference) => {
    const change = decide(viewOf(definitionOf()), definitionOf({ ...given, version: 1 }));
    expect(change).toMatchObject({ kind: 'conflict', differences: [difference] });
    expect(change.kind === 'conflict' && change.detail).toContain(difference);
  });

  test('that exists is a conflict where it adds one feature and removes another', () => {
    const change = decide(viewOf(definitionOf()), definitionOf({ version: 1, features: [a, c] }));
    expect(change).toMatchObject({
      kind: 'conflict',
      differences: ['feature c is not in it', 'feature b is missing'],
    });
  });

  test('that is the next is made, whatever it says, the identical thing too', () => {
    const view = viewOf(definitionOf());
    expect(decide(view, definitionOf({ version: 2, features: [a] }))).toMatchObject({ version: { version: 2 } });
    expect(decide(view, definitionOf({ version: 2 }))).toMatchObject({
      kind: 'versioned',
      ownTable: false,
      version: { version: 2, table: 'profile_v1' },
    });
  });

  test('beyond the next is a conflict', () => {
    expect(decide(viewOf(definitionOf()), definitionOf({ version: 3 }))).toMatchObject({
      kind: 'conflict',
      differences: [],
      detail: expect.stringContaining('the next is 2, not 3'),
    });
  });
});
