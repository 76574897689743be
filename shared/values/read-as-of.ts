import { formatMicros } from '../contract/time.ts';
import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import { codecs } from './codecs.ts';
import { farParts, nearParts, olderPart, type SpinePart } from './spine-parts.ts';
import { parseStoredRow, type StoredRow } from './stored-row.ts';
import { carriedTableName, fromMicrosSql, latestTableName, toMicrosSql, viewTableName } from './tables.ts';

/** Entities and the moments at which they are asked for, place by place. Times in microseconds since the epoch. */
export interface Spine {
  readonly entityIds: readonly string[];
  readonly asOfMicros: readonly number[];
}

export interface AsOfRead {
  readonly table: string;
  /** The values that are read; others may stay undefined in the rows. */
  readonly features: readonly Feature[];
  readonly spine: Spine;
  /** Only rows recorded by then count. */
  readonly knownAtMicros?: number | undefined;
}

/**
 * For each place of the spine the greatest row by (event time, created at) that had happened by then, or undefined.
 * `event_time <= t` and `recorded_at <= k` are both inclusive (docs/semantics.md section 1). One descent of the primary
 * key per place, whatever the number of rows, and at first among the rows of the months asked for alone, whatever the
 * number of partitions (docs/adr/0008-how-history-is-read.md). Places without a row there are looked for further back.
 */
export async function readAsOf(
  query: Queryable,
  ctx: TenantContext,
  read: AsOfRead,
): Promise<(StoredRow | undefined)[]> {
  const { asOfMicros } = read.spine;
  const rows: (StoredRow | undefined)[] = new Array(asOfMicros.length).fill(undefined);
  const readPart = (part: SpinePart): Promise<number[]> => readRows(query, ctx, read, part, rows);
  const near = await inLanes(nearParts(asOfMicros), readPart);
  let parts = farParts(asOfMicros, near.flat());
  while (parts.length > 0) {
    const leftOver = await inLanes(parts, readPart);
    parts = parts.flatMap((part, index) => olderPart(part, leftOver[index] ?? []));
  }
  return rows;
}

/** A function on AWS has two connections. */
const lanes = 2;

async function inLanes<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/** Fills `rows`, and answers the places of entities that have been written, but have no row in this part. */
async function readRows(
  query: Queryable,
  ctx: TenantContext,
  { table, features, spine, knownAtMicros }: AsOfRead,
  { places, afterMicros, untilMicros }: SpinePart,
  rows: (StoredRow | undefined)[],
): Promise<number[]> {
  const found = await query.arrays({
    name: 'read_as_of',
    text: asOfSql(ctx, table, features, knownAtMicros !== undefined),
    values: [
      places.map((place) => spine.entityIds[place]),
      places.map((place) => spine.asOfMicros[place]),
      table,
      formatMicros(afterMicros),
      formatMicros(untilMicros),
      knownAtMicros ?? mostPayloadBytes(features),
    ],
  });
  const leftOver: number[] = [];
  for (const [ordinal, payload, eventMicros, createdMicros, revision, ...texts] of found) {
    const place = places[Number(ordinal) - 1] ?? 0;
    if (payload !== null) rows[place] = parseStoredRow(String(payload));
    else if (eventMicros === null) leftOver.push(place);
    else {
      const key = {
        eventMicros: Number(eventMicros),
        createdMicros: Number(createdMicros),
        revision: Number(revision),
      };
      rows[place] = { ...key, values: valuesOf(features, key.revision, texts) };
    }
  }
  return leftOver;
}

/** A row's whole text is taken where it is not much longer than the values that are asked for. */
function mostPayloadBytes(features: readonly Feature[]): number {
  return 1000 + 30 * features.length;
}

/**
 * Answers nothing for entities that were never written: `latest` has a row of all others. Where that row had happened by
 * the moment asked for it is the answer, and nothing else is read; with `known_at` it may have been recorded after, and
 * says from when on there is nothing to look for. The bounds are constants when this is planned, so that partitions out of
 * them are neither planned nor locked. A row that retention carried may be newer than what the table has: in a partition
 * that was made anew for a late row.
 */
function asOfSql({ tenantId }: TenantContext, table: string, features: readonly Feature[], isKnownAt: boolean): string {
  const viewTable = viewTableName(tenantId, table);
  const isAnswer = isKnownAt
    ? 'false'
    : 'latest.event_time <= spine.as_of AND octet_length(latest.payload) <= $6::float8';
  const candidate = (row: string): string => `
    ${row}.entity_id = spine.entity_id AND ${row}.event_time <= latest.until
    AND ${row}.event_time > $4::timestamptz AND ${row}.event_time <= $5::timestamptz
    ${isKnownAt ? `AND ${row}.recorded_at <= ${fromMicrosSql('$6::float8')}` : ''}`;
  const columns = features.map(({ name, dtype }) => codecs[dtype].select(`found.${quoteIdentifier(name)}`));
  return `
    SELECT ${['spine.place::int4', 'latest.payload', toMicrosSql('found.event_time'), toMicrosSql('found.created_at'), 'found.revision::int4', ...columns].join(', ')}
    FROM (
      SELECT entity_id, ${fromMicrosSql('as_of_us')} AS as_of, place
      FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS given (entity_id, as_of_us, place)
    ) AS spine
    CROSS JOIN LATERAL (
      SELECT
        CASE WHEN ${isAnswer} THEN payload END AS payload,
        CASE WHEN NOT (${isAnswer}) THEN least(spine.as_of, latest.event_time) END AS until
      FROM ${latestTableName(tenantId)} AS latest
      WHERE latest.view_table = $3 AND latest.entity_id = spine.entity_id
      LIMIT 1
    ) AS latest
    LEFT JOIN LATERAL (
      (
        SELECT * FROM ${viewTable} AS stored WHERE ${candidate('stored')}
        ORDER BY stored.event_time DESC, stored.created_at DESC
        LIMIT 1
      ) UNION ALL (
        SELECT dropped.* FROM ${carriedTableName(tenantId)} AS carried
        CROSS JOIN LATERAL jsonb_populate_record(NULL::${viewTable}, carried.stored) AS dropped
        WHERE carried.view_table = $3 AND ${candidate('carried')}
      )
      ORDER BY event_time DESC, created_at DESC
      LIMIT 1
    ) AS found ON true`;
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
