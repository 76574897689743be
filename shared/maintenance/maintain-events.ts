import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { isHypertable, type Timescale } from '../values/index.ts';
import { dropEvents } from './drop-events.ts';
import { forgetIds } from './forget-ids.ts';
import { type Done, nothingDone } from './maintain-table.ts';
import { makePartitions } from './make-partitions.ts';
import type { EventTable } from './stream-tables.ts';

/** All that is due at a source's events, each step idempotent and in short transactions of its own. */
export async function maintainEvents(
  database: Database,
  eventTable: EventTable,
  { clock, timescale }: { readonly clock: Clock; readonly timescale: Timescale },
): Promise<Done> {
  const nowMicros = clock.nowMicros();
  const isChunked = timescale.hypertables && (await isHypertable(database, eventTable));
  const partitionsMade = isChunked ? 0 : await makePartitions(database, eventTable, nowMicros);
  const dropped = await dropEvents(database, eventTable, { nowMicros, isChunked });
  const idsForgotten = await forgetIds(database, eventTable, clock);
  return { ...nothingDone, partitionsMade, dropped, idsForgotten };
}
