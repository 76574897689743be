import { describe, expect, test } from 'vitest';
import { type Dtype, dtypes } from '../../../shared/contract/dtypes.ts';
import type { Feature } from '../../../shared/registry/index.ts';
import { hourlySelect, hourSql } from '../../../shared/statistics/hourly-select.ts';
import { statisticsColumns } from '../../../shared/statistics/statistics-columns.ts';

const feature = (dtype: Dtype): Feature => ({
  name: 'age',
  dtype,
  ttlHours: null,
  description: '',
  tags: [],
  position: 0,
  sinceRevision: 3,
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
});

const columnsOf = (dtype: Dtype) => statisticsColumns(feature(dtype)).map(({ name, type }) => `${name} ${type}`);
const counts = ['"age.count" bigint', '"age.null_count" bigint'];

describe('columns of a feature', () => {
  test.each([
    ['float64', 'double precision'],
    ['float32', 'real'],
    ['int64', 'bigint'],
    ['int32', 'integer'],
  ] as const)('of %s are min and max in its own type, mean and stddev as doubles', (dtype, type) => {
    const figures = [
      `"age.min" ${type}`,
      `"age.max" ${type}`,
      '"age.mean" double precision',
      '"age.stddev" double precision',
    ];
    expect(columnsOf(dtype)).toEqual([...counts, ...figures]);
  });

  test.each(dtypes.filter((dtype) => !/^(float|int)\d+$/.test(dtype)))(
    'of %s are a count of distinct values',
    (dtype) => {
      expect(columnsOf(dtype)).toEqual([...counts, '"age.distinct" bigint']);
    },
  );
});

describe('the select list', () => {
  const group = { name: 'v_v1_h3_0', sinceRevision: 3, features: [feature('float64'), feature('string')] };

  test('is the same for our tables and for continuous aggregates but for the hour', () => {
    const ours = hourlySelect('t_a', 'v_v1', group, { hour: hourSql });
    const timescales = hourlySelect('t_a', 'v_v1', group, { hour: `time_bucket('1 hour', event_time)` });
    expect(ours.replace(hourSql, '')).toBe(timescales.replace(`time_bucket('1 hour', event_time)`, ''));
  });

  test('looks at no row of a revision that did not have the features', () => {
    expect(hourlySelect('t_a', 'v_v1', group, { hour: hourSql })).toMatch(/WHERE revision >= 3\s+GROUP BY 1/);
    expect(hourlySelect('t_a', 'v_v1', group, { hour: hourSql, where: 'true' })).toMatch(
      /WHERE revision >= 3 AND true\s/,
    );
  });

  test('scales by powers of two that are exact both ways', () => {
    const literals = [...hourlySelect('t_a', 'v_v1', group, { hour: hourSql }).matchAll(/'([^']+)'::float8/g)].map(
      ([, literal]) => Number(literal),
    );
    expect(literals).toEqual(expect.arrayContaining([2 ** -560, 2 ** 560, Number.MAX_VALUE * 2 ** -560]));
    expect(Number.MAX_VALUE * 2 ** -560 * 2 ** 560).toBe(Number.MAX_VALUE);
  });
});
