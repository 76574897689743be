import { describe, expect, test } from 'vitest';
import { registryLimits } from '../../../shared/contract/limits.ts';
import { registerSourceRequestSchema } from '../../../shared/contract/stream-sources.ts';
import {
  decideSource,
  firstTime,
  laterTime,
  madeSource,
  sourceOf,
  sourceRequestOf,
  streamDefinitionOf,
  viewOf,
} from './registry-samples.ts';

const { schema } = sourceRequestOf();
const reversed = Object.fromEntries(Object.entries(schema).reverse());

describe('a new source', () => {
  test('has its fields in the order given, and the defaults', () => {
    const change = decideSource(undefined, sourceRequestOf(), [], firstTime);
    expect(change.kind).toBe('created');
    expect(madeSource(change)).toEqual({
      name: 'purchases',
      revision: 1,
      fields: Object.entries(schema).map(([name, dtype]) => ({ name, dtype })),
      eventTime: 'bought_at',
      eventId: 'purchase_id',
      retentionDays: 90,
      dedupeDays: 7,
      description: '',
      tags: [],
      owner: null,
      createdAt: firstTime,
      updatedAt: firstTime,
    });
  });

  test.each([
    [{ retention_days: 3 }, { retentionDays: 3, dedupeDays: 3 }],
    [{ retention_days: 0 }, { retentionDays: 0, dedupeDays: 7 }],
    [
      { retention_days: 0, dedupe_days: 365 },
      { retentionDays: 0, dedupeDays: 365 },
    ],
    [{ dedupe_days: 90 }, { retentionDays: 90, dedupeDays: 90 }],
  ])('given %j keeps %j', (given, kept) => {
    expect(sourceOf(given)).toMatchObject(kept);
  });

  test('remembers ids no longer than events are kept', () => {
    for (const given of [{ dedupe_days: 91 }, { retention_days: 5, dedupe_days: 6 }]) {
      expect(decideSource(undefined, sourceRequestOf(given))).toMatchObject({
        kind: 'refused',
        detail: expect.stringContaining('dedupe_days'),
      });
    }
  });
});

describe('an existing source', () => {
  test.each([
    ['as it was', {}],
    ['with its fields in another order', { schema: reversed }],
    ['with the defaults spelled out', { retention_days: 90, dedupe_days: 7, description: '', tags: [], owner: null }],
  ])('given %s stays', (_, given) => {
    expect(decideSource(sourceOf(), sourceRequestOf(given))).toEqual({ kind: 'none', source: sourceOf() });
  });

  test.each([
    [{ description: 'new' }, { description: 'new' }],
    [{ tags: ['x'] }, { tags: ['x'] }],
    [{ owner: 'team' }, { owner: 'team' }],
    [{ retention_days: 0 }, { retentionDays: 0 }],
    [{ retention_days: 2 }, { retentionDays: 2, dedupeDays: 2 }],
    [{ dedupe_days: 30 }, { dedupeDays: 30 }],
  ])('given %j changes in place', (given, members) => {
    const change = decideSource(sourceOf(), sourceRequestOf(given));
    expect(change).toEqual({ kind: 'described', source: { ...sourceOf(), ...members, updatedAt: laterTime } });
  });

  test('gains fields behind those that it has', () => {
    const more = { coupon: 'string', ...reversed, device: 'json' };
    const change = decideSource(sourceOf(), sourceRequestOf({ schema: more, owner: 'team' }));
    const added = [
      { name: 'coupon', dtype: 'string' },
      { name: 'device', dtype: 'json' },
    ] as const;
    const fields = [...sourceOf().fields, ...added];
    const source = { ...sourceOf(), fields, owner: 'team', revision: 2, updatedAt: laterTime };
    expect(change).toEqual({ kind: 'extended', source, added });
    expect(decideSource(source, sourceRequestOf({ schema: more, owner: 'team' }))).toMatchObject({
      kind: 'none',
    });
  });

  test.each([
    [
      'another event time',
      { event_time: 'at', schema: { ...schema, at: 'timestamp' } },
      'event_time is bought_at, not at',
    ],
    ['another event id', { event_id: 'user_id' }, 'event_id is purchase_id, not user_id'],
    ['no event id', { event_id: null }, 'event_id is purchase_id, not null'],
    ['another dtype', { schema: { ...schema, amount: 'int64' } }, 'dtype of amount is float64, not int64'],
    [
      'a field less',
      { schema: { user_id: 'string', purchase_id: 'string', bought_at: 'timestamp', constructor: 'json' } },
      'field amount is missing',
    ],
  ])('refuses %s', (_, given, difference) => {
    expect(decideSource(sourceOf(), sourceRequestOf(given))).toMatchObject({
      kind: 'conflict',
      detail: expect.stringContaining(difference),
      differences: expect.arrayContaining([difference]),
    });
  });

  test('keeps what the windows of its views count, of older versions too', () => {
    const window = (text: string) => ({ aggregations: [{ name: 'n', function: 'count', window: text }] });
    const views = [
      viewOf(streamDefinitionOf(window('30d')), streamDefinitionOf(window('7d'))),
      viewOf(streamDefinitionOf({ name: 'ever', aggregations: [{ name: 'n', function: 'count' }] })),
    ];
    expect(decideSource(sourceOf(), sourceRequestOf({ retention_days: 7 }), views)).toMatchObject({
      kind: 'conflict',
      differences: ['spend@1:n counts 30d, longer than 7 days'],
    });
    for (const retention_days of [30, 0]) {
      expect(decideSource(sourceOf(), sourceRequestOf({ retention_days }), views)).toMatchObject({ kind: 'described' });
    }
  });
});

describe('the request', () => {
  const issuesOf = (given: object) =>
    registerSourceRequestSchema.safeParse({ ...sourceRequestOf(), retention_days: 90, ...given }).error?.issues ?? [];

  test('may name fields event_time and event_id where they are that', () => {
    const named = { event_time: 'timestamp', event_id: 'int64', n: 'int32' };
    expect(issuesOf({ schema: named, event_time: 'event_time', event_id: 'event_id' })).toEqual([]);
    for (const [member, given] of [
      ['event_time', { schema: { ...schema, event_time: 'timestamp' } }],
      ['event_id', { schema: { ...schema, event_id: 'string' }, event_id: null }],
    ] as const) {
      expect(issuesOf(given)).toMatchObject([{ path: ['schema', member], params: { code: 'reserved_name' } }]);
    }
  });

  test('has a bounded number of fields', () => {
    const many = (count: number) => ({
      ...schema,
      ...Object.fromEntries(Array.from({ length: count - 10 }, (_, index) => [`f${index}`, 'string'])),
    });
    expect(issuesOf({ schema: many(registryLimits.fieldsOfSource) })).toEqual([]);
    expect(issuesOf({ schema: many(registryLimits.fieldsOfSource + 1) })).toMatchObject([{ path: ['schema'] }]);
  });
});
