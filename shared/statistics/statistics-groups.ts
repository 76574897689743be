import { quoteIdentifier } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';

/**
 * Features of a view table whose statistics are one relation. They were added by one registration, so that a relation's
 * columns never change, and its rows are those of the table that could have the features.
 */
export interface StatisticsGroup {
  /** The relation's, in the tenant's schema. */
  readonly name: string;
  /** Rows of an earlier revision were written before the features were there. */
  readonly sinceRevision: number;
  /** By position. */
  readonly features: readonly Feature[];
}

/** Six columns of 8 bytes each: of 160 features on, a row would not fit on a page of 8 KB, which is before the 1,600 columns end. */
const mostFeatures = 100;

/**
 * The groups that the features are in; `features` has all that were added by the registrations it has any of. Names are
 * within Postgres' 63 bytes: a table's has 55 at most, a version has 500 features and so 500 revisions and 5 groups of one.
 */
export function statisticsGroups(table: string, features: readonly Feature[]): StatisticsGroup[] {
  const byRevision = Map.groupBy(
    [...features].sort((a, b) => a.position - b.position),
    ({ sinceRevision }) => sinceRevision,
  );
  return [...byRevision].flatMap(([sinceRevision, added]) =>
    Array.from({ length: Math.ceil(added.length / mostFeatures) }, (_, index) => ({
      name: `${table}_h${sinceRevision}_${index}`,
      sinceRevision,
      features: added.slice(index * mostFeatures, (index + 1) * mostFeatures),
    })),
  );
}

/** POSIX pattern of the names of all groups that a table may have. */
export function groupNamePattern(table: string): string {
  return `^${table}_h[0-9]+_[0-9]+$`;
}

export function relationName(tenantId: string, group: Pick<StatisticsGroup, 'name'>): string {
  return `${quoteIdentifier(tenantId)}.${quoteIdentifier(group.name)}`;
}
