import type { Database } from '../platform/database.ts';
import { createStatistics, refreshStatistics } from '../statistics/index.ts';
import { isHypertable, maintenanceStep, type Timescale } from '../values/index.ts';
import { compressChunks } from './compress-chunks.ts';
import { convertToHypertable } from './convert-to-hypertable.ts';
import { dropExpired } from './drop-expired.ts';
import { makePartitions } from './make-partitions.ts';
import type { ViewTable } from './view-tables.ts';

/** What was done, to one table or to all of them. Nothing, where nothing was due. */
export interface Done {
  /** Tables turned from native partitions into chunks. */
  readonly converted: number;
  readonly partitionsMade: number;
  /** Hours of which the statistics were made anew, by this job; TimescaleDB's own it does not count. */
  readonly hours: number;
  /** Partitions or chunks whose rows or events are kept no more. */
  readonly dropped: number;
  /** Entities whose newest dropped row is kept. */
  readonly carried: number;
  readonly compressed: number;
  /** Ids of events that their source remembers no more. */
  readonly idsForgotten: number;
  /** Tiles that no window reaches any more, rolled up or removed. */
  readonly tilesAged: number;
}

export const nothingDone: Done = {
  ...{ converted: 0, partitionsMade: 0, hours: 0, dropped: 0, carried: 0, compressed: 0 },
  ...{ idsForgotten: 0, tilesAged: 0 },
};

/** All that is due at one table, each step idempotent and in short transactions of its own. */
export async function maintainTable(
  database: Database,
  viewTable: ViewTable,
  { nowMicros, timescale }: { readonly nowMicros: number; readonly timescale: Timescale },
): Promise<Done> {
  const { ctx, table, features } = viewTable;
  const isConverted = timescale.hypertables && (await convertToHypertable(database, viewTable, timescale));
  const isChunked = timescale.hypertables && (await isHypertable(database, viewTable));
  const partitionsMade = isChunked ? 0 : await makePartitions(database, viewTable, nowMicros);
  // Those of a table made before there were any, or of another kind.
  await maintenanceStep(database, ctx, table, (transaction) =>
    createStatistics(transaction, ctx, table, features, timescale),
  );
  const { segments, carried } = await dropExpired(database, viewTable, { nowMicros, isChunked, timescale });
  // After the drop, which makes hours of theirs too go from TimescaleDB's.
  const { hours } = await refreshStatistics(database, ctx, table, features, timescale);
  const compressed = isChunked && timescale.community ? await compressChunks(database, viewTable, nowMicros) : 0;
  return {
    ...nothingDone,
    ...{ converted: isConverted ? 1 : 0, partitionsMade, hours, dropped: segments, carried, compressed },
  };
}
