import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import { codecs } from './codecs.ts';
import type { StoredRow } from './stored-row.ts';
import { fromMicrosSql, toMicrosSql, viewTableName } from './tables.ts';

/** Entities and the moments at which they are asked for, place by place. Times in microseconds since the epoch. */
export interface Spine {
  readonly entityIds: readonly string[];
  readonly asOfMicros: readonly number[];
}

export interface AsOfRead {
  readonly table: string;
  /** The values that are read; others stay undefined in the rows. */
  readonly features: readonly Feature[];
  readonly spine: Spine;
  /** Only rows recorded by then count. */
  readonly knownAtMicros?: number | undefined;
}

/**
 * For each place of the spine the greatest row by (event time, created at) that had happened by then, or undefined.
 * `event_time <= t` and `recorded_at <= k` are both inclusive (docs/semantics.md section 1). One descent of the primary
 * key per place, whatever the number of rows.
 */
export async function readAsOf(
  query: Queryable,
  { tenantId }: TenantContext,
  read: AsOfRead,
): Promise<(StoredRow | undefined)[]> {
  const { table, features, spine, knownAtMicros } = read;
  const columns = features.map(({ name, dtype }) => codecs[dtype].select(`found.${quoteIdentifier(name)}`));
  const known = knownAtMicros === undefined ? '' : `AND recorded_at <= ${fromMicrosSql('$3::float8')}`;
  const found = await query.arrays({
    name: 'read_as_of',
    text: `
      SELECT spine.place::int4, ${[toMicrosSql('found.event_time'), toMicrosSql('found.created_at'), 'found.revision::int4', ...columns].join(', ')}
      FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS spine (entity_id, as_of_us, place)
      CROSS JOIN LATERAL (
        SELECT * FROM ${viewTableName(tenantId, table)} AS stored
        WHERE stored.entity_id = spine.entity_id
          AND stored.event_time <= ${fromMicrosSql('spine.as_of_us')} ${known}
        ORDER BY stored.event_time DESC, stored.created_at DESC
        LIMIT 1
      ) AS found`,
    values: [spine.entityIds, spine.asOfMicros, ...(knownAtMicros === undefined ? [] : [knownAtMicros])],
  });
  const rows: (StoredRow | undefined)[] = new Array(spine.entityIds.length).fill(undefined);
  for (const [place, eventMicros, createdMicros, revision, ...texts] of found) {
    const row = { eventMicros: Number(eventMicros), createdMicros: Number(createdMicros), revision: Number(revision) };
    const values: string[] = [];
    for (const [index, feature] of features.entries()) {
      // A row of an earlier revision never had the feature; undefined says so.
      if (feature.sinceRevision <= row.revision) values[feature.position] = jsonOf(feature, texts[index]);
    }
    rows[Number(place) - 1] = { ...row, values };
  }
  return rows;
}

function jsonOf({ dtype }: Feature, text: string | number | boolean | null | undefined): string {
  return text === null || text === undefined ? 'null' : JSON.stringify(codecs[dtype].decode(String(text)));
}
