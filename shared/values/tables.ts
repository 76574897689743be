import { quoteIdentifier } from '../platform/database.ts';

/** The tenant's schema is named by its internal id. */
export function viewTableName(tenantId: string, table: string): string {
  return `${quoteIdentifier(tenantId)}.${quoteIdentifier(table)}`;
}

/** One row per entity of each view table: the newest, as the cache holds it. */
export function latestTableName(tenantId: string): string {
  return `${quoteIdentifier(tenantId)}.latest`;
}

/**
 * One row per entity of each view table of which retention dropped rows: the newest of those, whole, since it is the
 * answer as of any time until the entity's next row.
 */
export function carriedTableName(tenantId: string): string {
  return `${quoteIdentifier(tenantId)}.carried`;
}

/**
 * SQL of a timestamptz from microseconds since the epoch in a double. to_timestamp of seconds in a double would round
 * microseconds away from 2100 on.
 */
export function fromMicrosSql(micros: string): string {
  return `('epoch'::timestamptz + ${micros} * '1 microsecond'::interval)`;
}

/** SQL of microseconds since the epoch as a double, exact until 2255. */
export function toMicrosSql(timestamp: string): string {
  return `(extract(epoch FROM ${timestamp}) * 1000000)::float8`;
}
