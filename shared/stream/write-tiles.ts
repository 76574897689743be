import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import { hourText, type StreamPlan, type TileRow } from '../tiles/index.ts';
import { arrayOf, fromMicrosSql, quoteElement, viewTableName } from '../values/index.ts';

/** A tile to be written, with the revision that it is to have. */
export interface ChangedTile extends TileRow {
  readonly entityId: string;
  /** False: they are not written, and `sketches` does not say what they are. */
  readonly areSketchesChanged: boolean;
}

/**
 * Writes tiles, sorted by key, whose revisions are the next; answers the places of those that another writer had changed
 * meanwhile. They are locked then, as are the others.
 */
export async function writeTiles(
  transaction: Queryable,
  { tenantId }: TenantContext,
  { table }: StreamPlan,
  tiles: readonly ChangedTile[],
): Promise<number[]> {
  const hours = new Map<number, string>();
  for (const { hourMicros } of tiles) if (!hours.has(hourMicros)) hours.set(hourMicros, hourText(hourMicros));
  const lost = await transaction.arrays({
    name: 'write_tiles',
    // Who lost is looked for only where anybody did.
    text: `
      WITH given AS MATERIALIZED (
        SELECT entity_id, hour, state, sketches, ${fromMicrosSql('newest_us')} AS newest_event_time, revision, place
        FROM unnest($1::text[], $2::timestamptz[], string_to_array($3::text, chr(1)), string_to_array($4::text, chr(1), ''),
            $5::float8[], $6::int[])
          WITH ORDINALITY AS tiles (entity_id, hour, state, sketches, newest_us, revision, place)
      ), written AS (
        INSERT INTO ${viewTableName(tenantId, table)} AS stored
          (entity_id, hour, state, sketches, newest_event_time, revision)
        SELECT entity_id, hour, state, sketches, newest_event_time, revision FROM given ORDER BY place
        ON CONFLICT (entity_id, hour) DO UPDATE SET
          state = excluded.state,
          sketches = CASE WHEN excluded.sketches = '=' THEN stored.sketches ELSE excluded.sketches END,
          newest_event_time = greatest(stored.newest_event_time, excluded.newest_event_time),
          revision = excluded.revision
        WHERE stored.revision = excluded.revision - 1
        RETURNING entity_id, hour
      )
      SELECT (place - 1)::int4 FROM given
      WHERE (SELECT count(*) FROM written) < (SELECT count(*) FROM given)
        AND NOT EXISTS (SELECT FROM written WHERE written.entity_id = given.entity_id AND written.hour = given.hour)
      ORDER BY place`,
    values: [
      arrayOf(tiles, ({ entityId }) => quoteElement(entityId)),
      arrayOf(tiles, ({ hourMicros }) => `"${hours.get(hourMicros) ?? ''}"`),
      // Neither base64 nor JSON holds a control character: as elements of a literal all quotes of JSON would have to be escaped.
      tiles.map(({ state }) => state).join('\x01'),
      // `=` leaves what is stored.
      tiles.map(({ sketches, areSketchesChanged }) => (areSketchesChanged ? sketches : '=')).join('\x01'),
      arrayOf(tiles, ({ newestMicros }) => String(newestMicros)),
      arrayOf(tiles, ({ revision }) => String(revision)),
    ],
  });
  return lost.map(([place]) => Number(place));
}
