import { addEventColumns, closeEpoch, createEventTables, createTileTable } from '../../shared/events/index.ts';
import { UnavailableError } from '../../shared/platform/unavailable.ts';
import type { RegistryEffects } from '../../shared/registry/index.ts';
import { createStatistics } from '../../shared/statistics/index.ts';
import { addFeatureColumns, createViewTable, readTimescale } from '../../shared/values/index.ts';

/** What registering does to tables, within its transaction: all of it or nothing. */
export const tableEffects: Omit<RegistryEffects, 'publish'> = {
  createViewTable: async (transaction, ctx, version) => {
    const timescale = await readTimescale(transaction);
    await createViewTable(transaction, ctx, version, timescale);
    await createStatistics(transaction, ctx, version.table, version.features, timescale);
  },
  addFeatureColumns: async (transaction, ctx, table, added) => {
    await addFeatureColumns(transaction, ctx, table, added);
    await createStatistics(transaction, ctx, table, added, await readTimescale(transaction));
  },
  createEventTables: async (transaction, ctx, source) =>
    createEventTables(transaction, ctx, source, await readTimescale(transaction)),
  addEventColumns,
  createTileTable,
  startBackfill: async (database, ctx, version) => {
    try {
      await closeEpoch(database, ctx, version);
    } catch (error) {
      // Such as behind a long export. The view is registered, and the backfill's job draws the line.
      if (!(error instanceof UnavailableError)) throw error;
    }
  },
};
