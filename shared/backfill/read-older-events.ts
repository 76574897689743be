import type { JsonValue } from '../aggregation/index.ts';
import { type Queryable, quoteIdentifier } from '../platform/database.ts';
import type { SourceField } from '../registry/index.ts';
import { type StreamEvent, storedValue } from '../tiles/index.ts';
import { codecs, toMicrosSql } from '../values/index.ts';
import type { Blocks } from './choose-blocks.ts';

/** The events in some blocks of a partition or chunk that were stored under an older registry, in the order of the file. */
export async function readOlderEvents(
  query: Queryable,
  segment: string,
  {
    blocks,
    epoch,
    fields,
  }: { readonly blocks: Blocks; readonly epoch: number; readonly fields: readonly SourceField[] },
): Promise<StreamEvent[]> {
  const columns = fields.map(({ name, dtype }) => codecs[dtype].select(quoteIdentifier(name)));
  const found = await query.arrays({
    name: 'read_older_events',
    text: `
      SELECT ${['event_id', toMicrosSql('event_time'), ...columns].join(', ')}
      FROM ${segment} WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND _epoch < $3`,
    values: [`(${blocks.from},0)`, `(${blocks.to},0)`, epoch],
  });
  return found.map(([eventId, eventMicros, ...texts]) => {
    const values: Record<string, JsonValue> = {};
    for (const [index, { name, dtype }] of fields.entries()) values[name] = storedValue(dtype, texts[index]);
    return { eventId: String(eventId), eventMicros: Number(eventMicros), values };
  });
}
