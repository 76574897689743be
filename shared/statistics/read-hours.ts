import type { HourStatistics } from '../contract/statistics.ts';
import { formatMicros } from '../contract/time.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { Feature, ViewVersion } from '../registry/index.ts';
import { codecs, fromMicrosSql, toMicrosSql } from '../values/index.ts';
import { columnName, isNumeric } from './statistics-columns.ts';
import { relationName, statisticsGroups } from './statistics-groups.ts';
import type { HoursAsked } from './statistics-window.ts';

/** The hours of one feature that have rows which could have it, in order, as the last refresh found them. */
export async function readHours(
  query: Queryable,
  { tenantId }: TenantContext,
  version: ViewVersion,
  feature: Feature,
  { fromMicros, toMicros }: HoursAsked,
): Promise<HourStatistics[]> {
  const group = statisticsGroups(version.table, version.features).find(({ features }) => features.includes(feature));
  if (group === undefined) throw new Error(`${version.view} has no statistics of ${feature.name}`);
  const { select, decode } = codecs[feature.dtype];
  const number = (statistic: string): string => `${columnName(feature, statistic)}::float8`;
  const value = (statistic: string): string => select(columnName(feature, statistic));
  const kind = isNumeric(feature.dtype)
    ? [value('min'), value('max'), number('mean'), number('stddev'), 'NULL']
    : ['NULL', 'NULL', 'NULL', 'NULL', number('distinct')];
  const rows = await rowsOf(query, {
    name: 'read_statistics',
    text: `
      SELECT ${[toMicrosSql('hour'), number('count'), number('null_count'), ...kind].join(', ')}
      FROM ${relationName(tenantId, group)}
      WHERE hour >= ${fromMicrosSql('$1::float8')} AND hour < ${fromMicrosSql('$2::float8')}
      ORDER BY hour`,
    values: [fromMicros, toMicros],
  });
  const decoded = (text: Cell): unknown => (text === null || text === undefined ? null : decode(String(text)));
  return rows.map(([hour, count, nullCount, min, max, mean, stddev, distinct]) => ({
    hour: formatMicros(Number(hour)),
    count: Number(count),
    null_count: Number(nullCount),
    min: decoded(min),
    max: decoded(max),
    mean: numberOf(mean),
    stddev: numberOf(stddev),
    distinct: numberOf(distinct),
  }));
}

type Cell = string | number | boolean | null | undefined;

function numberOf(cell: Cell): number | null {
  return cell === null || cell === undefined ? null : Number(cell);
}

/** A table of before there were statistics has none until the maintenance job has made them. */
async function rowsOf(query: Queryable, statement: Parameters<Queryable['arrays']>[0]): Promise<Cell[][]> {
  try {
    return await query.arrays(statement);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === undefinedTable) return [];
    throw error;
  }
}

const undefinedTable = '42P01';
