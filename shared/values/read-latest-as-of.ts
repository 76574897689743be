import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { Feature } from '../registry/index.ts';
import type { AsOfRead, Spine } from './as-of-read.ts';
import { parseStoredRow, type StoredRow } from './stored-row.ts';
import { fromMicrosSql, latestTableName, toMicrosSql } from './tables.ts';

export interface LatestAsOf {
  /** By place. */
  readonly rows: (StoredRow | undefined)[];
  /** By place: no candidate is later, in microseconds since the epoch. */
  readonly untilMicros: readonly number[];
  /** Places of which the table has to be asked. */
  readonly leftOver: readonly number[];
}

/**
 * What `latest` says of a spine, without a look at the view's table. An entity that it does not have was never written. A
 * newest row that had happened by the moment asked for is the answer, whatever its age; not with `known_at`, since it may
 * have been recorded later. All others are left over. Entities are looked up once, however many moments they have.
 */
export async function readLatestAsOf(
  query: Queryable,
  { tenantId }: TenantContext,
  { table, features, spine, knownAtMicros }: AsOfRead,
): Promise<LatestAsOf> {
  const lastMoments = lastMomentsOf(spine);
  const entityIds = [...lastMoments.keys()];
  const found = await query.arrays({
    name: 'read_latest_as_of',
    text: `
      SELECT asked.place::int4, ${toMicrosSql('latest.event_time')},
        CASE WHEN latest.event_time <= ${fromMicrosSql('asked.as_of_us')} AND octet_length(latest.payload) <= $4::float8
          THEN latest.payload END
      FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS asked (entity_id, as_of_us, place)
      CROSS JOIN LATERAL (
        SELECT event_time, payload FROM ${latestTableName(tenantId)} AS latest
        WHERE latest.view_table = $3 AND latest.entity_id = asked.entity_id
        LIMIT 1
      ) AS latest`,
    values: [entityIds, [...lastMoments.values()], table, knownAtMicros === undefined ? mostPayloadBytes(features) : 0],
  });
  const newest = new Map<string, { readonly eventMicros: number; readonly row: StoredRow | undefined }>();
  for (const [ordinal, eventMicros, payload] of found) {
    const row = typeof payload === 'string' ? parseStoredRow(payload) : undefined;
    newest.set(entityIds[Number(ordinal) - 1] ?? '', { eventMicros: Number(eventMicros), row });
  }

  const rows: (StoredRow | undefined)[] = new Array(spine.entityIds.length).fill(undefined);
  const untilMicros = [...spine.asOfMicros];
  const leftOver: number[] = [];
  for (const [place, entityId] of spine.entityIds.entries()) {
    const ofEntity = newest.get(entityId);
    if (ofEntity === undefined) continue;
    const asOfMicros = spine.asOfMicros[place] ?? 0;
    if (ofEntity.row !== undefined && ofEntity.eventMicros <= asOfMicros) rows[place] = ofEntity.row;
    else {
      untilMicros[place] = Math.min(asOfMicros, ofEntity.eventMicros);
      leftOver.push(place);
    }
  }
  return { rows, untilMicros, leftOver };
}

/** By entity. */
function lastMomentsOf({ entityIds, asOfMicros }: Spine): Map<string, number> {
  const last = new Map<string, number>();
  for (const [place, entityId] of entityIds.entries()) {
    const micros = asOfMicros[place] ?? 0;
    const known = last.get(entityId);
    if (known === undefined || micros > known) last.set(entityId, micros);
  }
  return last;
}

/** A whole row is taken where it is not much longer than the values that are asked for. */
function mostPayloadBytes(features: readonly Feature[]): number {
  return 1000 + 30 * features.length;
}
