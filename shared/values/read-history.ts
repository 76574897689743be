import { formatMicros } from '../contract/time.ts';
import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import type { AsOfRead } from './as-of-read.ts';
import { codecs } from './codecs.ts';
import type { SpinePart } from './spine-parts.ts';
import type { StoredRow } from './stored-row.ts';
import { carriedTableName, fromMicrosSql, toMicrosSql, viewTableName } from './tables.ts';

export interface HistoryRead extends AsOfRead {
  /** By place: no candidate is later, in microseconds since the epoch. */
  readonly untilMicros: readonly number[];
  readonly part: SpinePart;
  /** By place; filled where the row found is newer. */
  readonly rows: (StoredRow | undefined)[];
}

/**
 * Finds the rows of one part by one descent of the primary key per place, whatever the number of rows, and answers the
 * places that have none there. The bounds of the part are constants when this is planned: partitions out of them are neither
 * planned nor locked. What retention carried out of a partition counts as if it were there still: the table may have an
 * older row, in a partition that was made anew for a row that came late.
 */
export async function readHistory(
  query: Queryable,
  { tenantId }: TenantContext,
  { table, features, spine, untilMicros, knownAtMicros, part, rows }: HistoryRead,
): Promise<number[]> {
  const { places } = part;
  const viewTable = viewTableName(tenantId, table);
  const isCandidate = (row: string): string => `
    ${row}.entity_id = spine.entity_id AND ${row}.event_time <= spine.until
    AND ${row}.event_time > $3::timestamptz AND ${row}.event_time <= $4::timestamptz
    ${knownAtMicros === undefined ? '' : `AND ${row}.recorded_at <= ${fromMicrosSql('$6::float8')}`}`;
  const columns = features.map(({ name, dtype }) => codecs[dtype].select(`found.${quoteIdentifier(name)}`));
  const found = await query.arrays({
    name: 'read_as_of',
    text: `
      SELECT ${['spine.place::int4', toMicrosSql('found.event_time'), toMicrosSql('found.created_at'), 'found.revision::int4', ...columns].join(', ')}
      FROM (
        SELECT entity_id, ${fromMicrosSql('until_us')} AS until, place
        FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS given (entity_id, until_us, place)
        OFFSET 0
      ) AS spine
      CROSS JOIN LATERAL (
        (
          SELECT * FROM ${viewTable} AS stored WHERE ${isCandidate('stored')}
          ORDER BY event_time DESC, created_at DESC LIMIT 1
        ) UNION ALL (
          SELECT dropped.* FROM ${carriedTableName(tenantId)} AS carried
          CROSS JOIN LATERAL jsonb_populate_record(NULL::${viewTable}, carried.stored) AS dropped
          WHERE carried.view_table = $5 AND ${isCandidate('carried')}
        )
        ORDER BY event_time DESC, created_at DESC LIMIT 1
      ) AS found`,
    values: [
      places.map((place) => spine.entityIds[place]),
      places.map((place) => untilMicros[place]),
      formatMicros(part.afterMicros),
      formatMicros(part.untilMicros),
      table,
      ...(knownAtMicros === undefined ? [] : [knownAtMicros]),
    ],
  });
  const leftOver = new Set(places);
  for (const [ordinal, eventMicros, createdMicros, revision, ...texts] of found) {
    const place = places[Number(ordinal) - 1] ?? 0;
    leftOver.delete(place);
    const key = { eventMicros: Number(eventMicros), createdMicros: Number(createdMicros), revision: Number(revision) };
    // Older parts are read at the same time, in any order.
    if (key.eventMicros <= (rows[place]?.eventMicros ?? -1)) continue;
    rows[place] = { ...key, values: valuesOf(features, key.revision, texts) };
  }
  return [...leftOver];
}

function valuesOf(
  features: readonly Feature[],
  revision: number,
  texts: readonly (string | number | boolean | null)[],
): string[] {
  const values: string[] = [];
  for (const [index, feature] of features.entries()) {
    // A row of an earlier revision never had the feature; undefined says so.
    if (feature.sinceRevision <= revision) values[feature.position] = jsonOf(feature, texts[index]);
  }
  return values;
}

function jsonOf({ dtype }: Feature, text: string | number | boolean | null | undefined): string {
  return text === null || text === undefined ? 'null' : JSON.stringify(codecs[dtype].decode(String(text)));
}
