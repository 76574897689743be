import { viewTableName } from '../values/index.ts';
import { statisticsColumns } from './statistics-columns.ts';
import type { StatisticsGroup } from './statistics-groups.ts';

export interface HourlySelect {
  /** SQL of the hour that a row is of. */
  readonly hour: string;
  /** SQL of which rows; all of them without it. */
  readonly where?: string;
}

/** The hour of an event, from the epoch on. A fifth of what date_trunc with its time zone costs. */
export const hourSql = `date_bin('1 hour', event_time, 'epoch'::timestamptz)`;

/** SQL of a group's statistics by hour, whoever computes them: our job, or TimescaleDB as a continuous aggregate. */
export function hourlySelect(
  tenantId: string,
  table: string,
  group: StatisticsGroup,
  { hour, where = '' }: HourlySelect,
): string {
  const columns = group.features.flatMap(statisticsColumns).map(({ name, aggregate }) => `${aggregate} AS ${name}`);
  return `
    SELECT ${hour} AS hour, max(event_time) AS newest_event_time,
      ${columns.join(',\n      ')}
    FROM ${viewTableName(tenantId, table)}
    WHERE revision >= ${group.sinceRevision} ${where === '' ? '' : `AND ${where}`}
    GROUP BY 1`;
}
