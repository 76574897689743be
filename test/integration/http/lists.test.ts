import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { featureServiceRoutes } from '../../../shared/contract/feature-services.ts';
import { featureViewRoutes } from '../../../shared/contract/feature-views.ts';
import { featureRoutes } from '../../../shared/contract/features.ts';
import type { Route } from '../../../shared/contract/route.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { answerOf } from './answer-of.ts';

/** More than a page of 100. */
const many = 120;
const users = 90;
const services = 105;
const nameOf = (index: number): string => `view_${String(index).padStart(3, '0')}`;
const names = Array.from({ length: many }, (_, index) => nameOf(index));

const lists = [
  { route: featureViewRoutes.listViews, member: 'feature_views', expected: names },
  { route: featureServiceRoutes.listServices, member: 'feature_services', expected: names.slice(0, services) },
  {
    route: featureRoutes.listFeatures,
    member: 'features',
    expected: [...names.map(() => 'common'), ...names.map((name) => `only_${name}`)],
  },
] as const;

let store: TestFeatureStore;

beforeAll(async () => {
  store = await createFeatureStore();
  for (const [index, name] of names.entries()) {
    const features = [
      {
        name: `only_${name}`,
        dtype: 'int64',
        description: index % 2 === 0 ? 'An EVEN one' : 'odd',
        tags: [`t${index % 5}`],
      },
      { name: 'common', dtype: 'string' },
    ];
    const view = {
      name,
      entity_type: index < users ? 'user' : 'merchant',
      features,
      tags: index === 7 ? ['seven'] : [],
    };
    expect((await store.post('/api/v1/feature-views', view)).status).toBe(201);
    if (index >= services) continue;
    const service = { name, features: [`only_${name}`] };
    expect((await store.post('/api/v1/feature-services', service)).status).toBe(201);
  }
}, 120_000);
afterAll(() => store.close());

interface Walked {
  readonly names: string[];
  readonly sizes: number[];
}

/** Every page from the first to the last, with something done between two pages. */
async function walk(
  route: Route,
  member: string,
  query: string,
  between = async (_: number): Promise<void> => {},
): Promise<Walked> {
  const walked: Walked = { names: [], sizes: [] };
  let cursor: string | null = null;
  do {
    const parameters = new URLSearchParams(query);
    if (cursor !== null) parameters.set('cursor', cursor);
    const page = answerOf(route, 200, await store.get(`${route.path}?${parameters}`));
    walked.names.push(...page[member].map(({ name }: { name: string }) => name));
    walked.sizes.push(page[member].length);
    cursor = page.next_cursor;
    await between(walked.sizes.length);
  } while (cursor !== null);
  return walked;
}

describe.each(lists)('$member', ({ route, member, expected }) => {
  test.each(['', 'limit=1000', 'limit=100', 'limit=50', 'limit=7'])(
    'walked with "%s" are all, in order, once',
    async (query) => {
      const limit = Number(new URLSearchParams(query).get('limit') ?? 100);
      const { names: walked, sizes } = await walk(route, member, query);
      expect(walked).toEqual(expected);
      expect(sizes).toEqual([
        ...new Array(Math.ceil(expected.length / limit) - 1).fill(limit),
        expected.length % limit === 0 ? limit : expected.length % limit,
      ]);
    },
  );
});

test('a view that is registered during the walk makes no gap and no double', async () => {
  const inserted = ['a_before_all', 'view_010_after', 'view_060_between', 'zz_last'];
  const { names: walked } = await walk(featureViewRoutes.listViews, 'feature_views', 'limit=25', async (page) => {
    const name = inserted[page - 1];
    if (name === undefined) return;
    const view = { name, entity_type: 'walk', features: [{ name: `w_${name}`, dtype: 'int64' }] };
    expect((await store.post('/api/v1/feature-views', view)).status).toBe(201);
  });
  expect(walked.filter((name) => names.includes(name))).toEqual(names);
  expect(new Set(walked).size).toBe(walked.length);
  // Registered ahead of the cursor it is in the walk, behind it is not.
  expect(walked).toContain('zz_last');
  expect(walked).not.toContain('a_before_all');
});

const search = async (query: string): Promise<string[]> =>
  (await walk(featureRoutes.listFeatures, 'features', query)).names;

describe('features are found', () => {
  test('by part of a name, in any case', async () => {
    expect(await search('q=ONLY_view_00')).toEqual(names.slice(0, 10).map((name) => `only_${name}`));
  });

  test('by part of a description, in any case', async () => {
    expect(await search('q=even&view=view_002')).toEqual(['only_view_002']);
    expect(await search('q=even&limit=1000')).toHaveLength(many / 2);
  });

  test('by their own tag and by their view’s', async () => {
    expect(await search('tag=t3&limit=1000')).toHaveLength(many / 5);
    expect(await search('tag=seven')).toEqual(['common', 'only_view_007']);
  });

  test('by view and by entity type', async () => {
    expect(await search('view=view_042')).toEqual(['common', 'only_view_042']);
    expect(await search('entity_type=merchant&limit=1000')).toHaveLength(2 * (many - users));
  });

  test('by all of them at once, over pages', async () => {
    const found = await search('entity_type=user&tag=t0&q=even&limit=3');
    expect(found).toEqual(
      names
        .slice(0, users)
        .filter((_, index) => index % 10 === 0)
        .map((name) => `only_${name}`),
    );
  });

  test.each(['q=nothing', 'tag=T3', 'view=VIEW_001', 'entity_type=nobody', 'tag=constructor', 'q=%25', 'q=.*', "q='"])(
    'never for %s',
    async (query) => {
      expect(await search(query)).toEqual([]);
    },
  );
});
