import { ownColumns, rawTable, seenTable } from '../events/index.ts';
import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { StreamSource } from '../registry/index.ts';
import { arrayOf, codecs, fromMicrosSql, quoteElement, viewTableName } from '../values/index.ts';
import type { JudgedEvent } from './judge-events.ts';

/**
 * The events that were new and those that had been stored before, or the epoch that the registry must have reached for any to be
 * stored: then none were.
 */
export type InsertedEvents =
  | {
      readonly fresh: readonly JudgedEvent[];
      readonly duplicates: readonly JudgedEvent[];
      readonly neededEpoch?: undefined;
    }
  | { readonly neededEpoch: number };

/**
 * Stores those events whose ids the source has not seen, and answers them. Each id comes once. One statement: the ids that it
 * could insert are new, however many writers insert the same at once, and only their events go into the raw table. Sorted
 * by id, or two writers of the same ids could wait for each other.
 *
 * `epoch` is that of the registry whose views the events are going to be folded into. It stands beside each event, and where the
 * source asks for a later one nothing is stored. By the time this statement looks, it has the lock of the raw table that an
 * INSERT takes, and whoever raises what the source asks for has held that table alone (close-epoch.ts): it sees what counts.
 */
export async function insertEvents(
  transaction: Queryable,
  ctx: TenantContext,
  source: StreamSource,
  events: readonly JudgedEvent[],
  epoch: number,
): Promise<InsertedEvents> {
  const sorted = events.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  const columns = ownColumns(source.fields);
  const found = await transaction.arrays({
    name: 'insert_events',
    text: insertSql(ctx, source),
    values: [
      arrayOf(sorted, ({ eventId }) => quoteElement(eventId)),
      arrayOf(sorted, ({ eventMicros }) => String(eventMicros)),
      arrayOf(sorted, ({ arrivalMicros }) => String(arrivalMicros)),
      epoch,
      ctx.tenantId,
      source.name,
      ...columns.map((_, place) => arrayOf(sorted, ({ elements }) => elements[place] ?? 'NULL')),
    ],
  });
  const neededEpoch = found.find(([place]) => place === null)?.[1];
  if (neededEpoch !== undefined) return { neededEpoch: Number(neededEpoch) };
  if (found.length === 0) return { fresh: sorted, duplicates: [] };
  const stored = new Set(found.map(([place]) => Number(place) - 1));
  return {
    fresh: sorted.filter((_, place) => !stored.has(place)),
    duplicates: sorted.filter((_, place) => stored.has(place)),
  };
}

function insertSql({ tenantId }: TenantContext, source: StreamSource): string {
  const columns = ownColumns(source.fields);
  const names = columns.map(({ name }) => `, ${quoteIdentifier(name)}`).join('');
  const parameters = columns.map(({ dtype }, place) => `, $${place + 7}::${codecs[dtype].elementType}[]`).join('');
  const given = columns.map((_, place) => `, c${place}`).join('');
  const values = columns.map(({ dtype }, place) => `, given.c${place}::${codecs[dtype].columnType}`).join('');
  return `
    WITH behind AS MATERIALIZED (
      SELECT epoch FROM feature_store.event_sources WHERE tenant_id = $5 AND source = $6 AND epoch > $4::int4
    ), given AS MATERIALIZED (
      SELECT event_id, ${fromMicrosSql('event_us')} AS event_time, ${fromMicrosSql('arrival_us')} AS created_at, place${given}
      FROM unnest($1::text[], $2::float8[], $3::float8[]${parameters})
        WITH ORDINALITY AS events (event_id, event_us, arrival_us${given}, place)
      WHERE NOT EXISTS (SELECT FROM behind)
    ), fresh AS (
      INSERT INTO ${viewTableName(tenantId, seenTable(source.name))} (event_id, received_at)
      SELECT event_id, now() FROM given ORDER BY place
      ON CONFLICT DO NOTHING
      RETURNING event_id
    ), stored AS (
      INSERT INTO ${viewTableName(tenantId, rawTable(source.name))} (event_id, event_time, created_at, _epoch${names})
      SELECT given.event_id, given.event_time, given.created_at, $4::int4${values} FROM given JOIN fresh USING (event_id)
    )
    SELECT place::int4, NULL::int4 FROM given
    WHERE (SELECT count(*) FROM fresh) < (SELECT count(*) FROM given)
      AND NOT EXISTS (SELECT FROM fresh WHERE fresh.event_id = given.event_id)
    UNION ALL SELECT NULL, epoch FROM behind`;
}
