import type { RegistryEffects } from '../../shared/registry/index.ts';
import { addFeatureColumns, createViewTable, readTimescale } from '../../shared/values/index.ts';

/** What registering does to the tables of values, within its transaction: all of it or nothing. */
export const tableEffects: Pick<RegistryEffects, 'createViewTable' | 'addFeatureColumns'> = {
  createViewTable: async (transaction, ctx, version) => {
    await createViewTable(transaction, ctx, version, await readTimescale(transaction));
  },
  addFeatureColumns,
};
