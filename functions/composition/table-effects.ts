import type { RegistryEffects } from '../../shared/registry/index.ts';
import { createStatistics } from '../../shared/statistics/index.ts';
import { addFeatureColumns, createViewTable, readTimescale } from '../../shared/values/index.ts';

/** What registering does to the tables of values, within its transaction: all of it or nothing. */
export const tableEffects: Pick<RegistryEffects, 'createViewTable' | 'addFeatureColumns'> = {
  createViewTable: async (transaction, ctx, version) => {
    const timescale = await readTimescale(transaction);
    await createViewTable(transaction, ctx, version, timescale);
    await createStatistics(transaction, ctx, version.table, version.features, timescale);
  },
  addFeatureColumns: async (transaction, ctx, table, added) => {
    await addFeatureColumns(transaction, ctx, table, added);
    await createStatistics(transaction, ctx, table, added, await readTimescale(transaction));
  },
};
