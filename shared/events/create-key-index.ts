import { createHash } from 'node:crypto';
import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import { viewTableName } from '../values/index.ts';
import { rawTable } from './tables.ts';

/**
 * SQL of a field as an entity id, and the condition under which it can be one: an index holds 2,704 bytes of a row, an
 * entity id has 512, and a field up to 64 KiB.
 */
export function entityKeySql(column: string): { readonly expression: string; readonly condition: string } {
  return {
    expression: `(${column}::text COLLATE "C")`,
    condition: `octet_length(${column}::text) <= 512`,
  };
}

/**
 * Makes the index by which a source's raw events are read for the entities of a stream view: one for each field that is an
 * entity key of any view. Writers of the source wait while it is made: for a source without events.
 */
export async function createKeyIndex(
  transaction: Queryable,
  { tenantId }: TenantContext,
  source: string,
  entityKey: string,
): Promise<void> {
  await transaction.script(`
    CREATE INDEX IF NOT EXISTS ${quoteIdentifier(keyIndexName(source, entityKey))}
      ON ${viewTableName(tenantId, rawTable(source))} ${keyIndexSql(entityKey)}`);
}

/** The names of source and field together may be longer than that of an index. */
export function keyIndexName(source: string, entityKey: string): string {
  return `events_by_${createHash('sha1').update(`${source}\0${entityKey}`).digest('hex').slice(0, 20)}`;
}

/** What follows the table's name. */
export function keyIndexSql(entityKey: string): string {
  const { expression, condition } = entityKeySql(quoteIdentifier(entityKey));
  return `(${expression}, event_time) WHERE ${condition}`;
}
