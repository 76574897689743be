import { describe, expect, test } from 'vitest';
import type { Feature } from '../../../shared/registry/index.ts';
import { statisticsColumns } from '../../../shared/statistics/statistics-columns.ts';
import { groupNamePattern, statisticsGroups } from '../../../shared/statistics/statistics-groups.ts';

const at = '2026-01-31T12:00:00.000Z';

function features(count: number, sinceRevision: number, from = 0): Feature[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `f${from + index}`,
    dtype: 'int64' as const,
    ttlHours: null,
    description: '',
    tags: [],
    position: from + index,
    sinceRevision,
    createdAt: at,
    updatedAt: at,
  }));
}

const summary = (given: readonly Feature[]) =>
  statisticsGroups('v_v1', given).map(({ name, sinceRevision, features: members }) => [
    name,
    sinceRevision,
    members[0]?.name,
    members.length,
  ]);

describe('groups of features', () => {
  test('are those that one registration added', () => {
    expect(summary([...features(3, 1), ...features(2, 2, 3), ...features(1, 5, 5)])).toEqual([
      ['v_v1_h1_0', 1, 'f0', 3],
      ['v_v1_h2_0', 2, 'f3', 2],
      ['v_v1_h5_0', 5, 'f5', 1],
    ]);
  });

  test('have at most 100 features, by position, in whatever order they are given', () => {
    expect(summary(features(250, 1).reverse())).toEqual([
      ['v_v1_h1_0', 1, 'f0', 100],
      ['v_v1_h1_1', 1, 'f100', 100],
      ['v_v1_h1_2', 1, 'f200', 50],
    ]);
  });

  test('do not change when features are added, and are the same from the added ones alone', () => {
    const first = features(120, 1);
    const added = features(30, 2, 120);
    expect(summary([...first, ...added])).toEqual([...summary(first), ...summary(added)]);
  });

  test('have names of at most 63 bytes, whatever the view, its version and its revision', () => {
    const table = `${'v'.repeat(48)}_v99999`;
    const names = [500, 1].flatMap((revision) =>
      statisticsGroups(table, features(500, revision)).map(({ name }) => name),
    );
    expect(names).toHaveLength(10);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
  });

  test('have columns whose names are at most 63 bytes and fit on a page of 8 KB', () => {
    const [group] = statisticsGroups('v_v1', features(100, 1));
    const columns = (group?.features ?? []).flatMap((feature) =>
      statisticsColumns({ ...feature, name: 'f'.repeat(48) }),
    );
    for (const { name } of columns) expect(Buffer.byteLength(name.slice(1, -1))).toBeLessThanOrEqual(63);
    // Two times more, a bit for each column whether it is null, and the header.
    expect((columns.length + 2) * 8 + columns.length / 8 + 24).toBeLessThan(8000);
  });

  test('are found by name, and no partition, other table or other group is', () => {
    const pattern = new RegExp(groupNamePattern('v_v1'));
    for (const name of ['v_v1_h1_0', 'v_v1_h500_4']) expect(name).toMatch(pattern);
    for (const name of [
      'v_v1',
      'v_v1_p202601',
      'v_v1_copy',
      'v_v11_h1_0',
      'w_v_v1_h1_0',
      'v_v1_h1_0_pkey',
      'v_v1_h1_0_v1',
    ])
      expect(name).not.toMatch(pattern);
  });
});
