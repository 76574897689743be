import type { CountedEvent, JsonValue } from '../aggregation/index.ts';
import { formatMicros } from '../contract/time.ts';
import { entityKeySql, rawTable } from '../events/index.ts';
import type { TenantContext } from '../platform/context.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { SourceField } from '../registry/index.ts';
import { codecs, fromMicrosSql, toMicrosSql, viewTableName } from '../values/index.ts';
import { countEvent } from './count-event.ts';
import { storedValue } from './event-values.ts';
import type { StreamPlan } from './stream-plan.ts';

/** An entity's events with `from <= event_time < to`, in microseconds since the epoch. */
export interface EventRange {
  readonly entityId: string;
  readonly fromMicros: number;
  readonly toMicros: number;
}

/**
 * The raw events that count in a view, for each range in the order of time; with `knownAtMicros` those recorded by then.
 * One descent of the index by entity key and event time for each range.
 */
export async function readEvents(
  query: Queryable,
  ctx: TenantContext,
  plan: StreamPlan,
  ranges: readonly EventRange[],
  knownAtMicros: number | undefined,
): Promise<CountedEvent[][]> {
  const events: CountedEvent[][] = ranges.map(() => []);
  if (ranges.length === 0) return events;
  const fields = fieldsRead(plan);
  // Events are of 1970 to 2254; a moment may be of any year.
  const froms = ranges.map(({ fromMicros }) => amongEvents(fromMicros));
  const tos = ranges.map(({ toMicros }) => amongEvents(toMicros));
  const found = await query.arrays({
    name: 'read_events',
    text: eventsSql(ctx, plan, fields, knownAtMicros !== undefined),
    values: [
      ranges.map(({ entityId }) => entityId),
      froms,
      tos,
      formatMicros(froms.reduce((least, micros) => Math.min(least, micros))),
      formatMicros(tos.reduce((most, micros) => Math.max(most, micros))),
      ...(knownAtMicros === undefined ? [] : [knownAtMicros]),
    ],
  });
  const filter = await plan.filter();
  for (const [place, eventId, eventMicros, ...texts] of found) {
    const values: Record<string, JsonValue> = {};
    for (const [index, { name, dtype }] of fields.entries()) values[name] = storedValue(dtype, texts[index]);
    const counted = countEvent(plan, filter, { eventId: String(eventId), eventMicros: Number(eventMicros), values });
    if (counted !== undefined) events[Number(place) - 1]?.push(counted);
  }
  return events;
}

const endOfTimeMicros = Date.UTC(2255, 0) * 1000;

function amongEvents(micros: number): number {
  return Math.min(Math.max(micros, 0), endOfTimeMicros);
}

/** What counting an event in a view needs of it: all where a filter may ask for any. */
export function fieldsRead({ source, fold, where, entityKey }: StreamPlan): SourceField[] {
  if (where !== null) return [...source.fields];
  return source.fields.filter(({ name }) => name === entityKey || fold.fields.includes(name));
}

/**
 * The inner part reads the index alone, whatever the planner thinks of a table without statistics. The bounds of all ranges are
 * constants when this is planned, so that partitions out of them are not looked at.
 */
function eventsSql(
  { tenantId }: TenantContext,
  { entityKey, source }: StreamPlan,
  fields: readonly SourceField[],
  isKnownAt: boolean,
): string {
  const columns = fields.map(({ name, dtype }) => codecs[dtype].select(`event.${quoteIdentifier(name)}`));
  const key = entityKeySql(`stored.${quoteIdentifier(entityKey)}`);
  return `
    SELECT ${['range.place::int4', 'event.event_id', toMicrosSql('event.event_time'), ...columns].join(', ')}
    FROM (
      SELECT entity_id, ${fromMicrosSql('from_us')} AS from_time, ${fromMicrosSql('to_us')} AS to_time, place
      FROM unnest($1::text[], $2::float8[], $3::float8[]) WITH ORDINALITY AS given (entity_id, from_us, to_us, place)
    ) AS range
    CROSS JOIN LATERAL (
      SELECT * FROM ${viewTableName(tenantId, rawTable(source.name))} AS stored
      WHERE ${key.expression} = range.entity_id AND ${key.condition}
        AND stored.event_time >= range.from_time AND stored.event_time < range.to_time
        AND stored.event_time >= $4::timestamptz AND stored.event_time <= $5::timestamptz
        ${isKnownAt ? `AND stored.recorded_at <= ${fromMicrosSql('$6::float8')}` : ''}
      ORDER BY stored.event_time
      OFFSET 0
    ) AS event`;
}
