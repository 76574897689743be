import { FeatureStoreError } from '../contract/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { Batch } from './batch.ts';
import type { GroupedItem, RecordGroup } from './group-records.ts';
import type { EventRefusal } from './identify-event.ts';

export type ApplyItems<Item extends GroupedItem> = (
  items: readonly Item[],
) => Promise<{ accepted: number; rejected: readonly (EventRefusal & { readonly index: number })[] }>;

/** Calls that may fail while a group is split in search of what Postgres refuses: finding one item takes one for each halving. */
const mostSplits = 64;

/**
 * Applies items in one call. What Postgres refuses and no judge foresaw is searched for by halves, so that it is left out alone;
 * where too much is refused, all that is left goes with it, and not a function's whole time.
 */
export async function applyItems<Item extends GroupedItem>(
  logger: Logger,
  batch: Batch,
  group: RecordGroup,
  all: readonly Item[],
  apply: ApplyItems<Item>,
): Promise<void> {
  const parts = [all];
  let splits = 0;
  for (let items = parts.pop(); items !== undefined; items = parts.pop()) {
    if (items.length === 0) continue;
    try {
      const { accepted, rejected } = await apply(items);
      batch.accept(accepted);
      for (const { index, code, detail } of rejected) {
        const item = items[index];
        if (item !== undefined) batch.refuseItem(group, item, { code, detail });
      }
    } catch (error) {
      if (error instanceof UnavailableError) {
        failAll(logger, batch, group, items, error);
        continue;
      }
      const isForAll = error instanceof FeatureStoreError || items.length === 1 || splits >= mostSplits;
      if (isForAll) {
        const why = refusalOf(logger, group, error);
        for (const item of items) batch.refuseItem(group, item, why);
        continue;
      }
      splits += 1;
      const middle = Math.ceil(items.length / 2);
      parts.push(items.slice(middle), items.slice(0, middle));
    }
  }
}

/** Of records that are to come again since a store is away; the log says which. */
export function failAll(
  logger: Logger,
  batch: Batch,
  { tenant, target }: RecordGroup,
  items: readonly GroupedItem[],
  error: UnavailableError,
): void {
  logger.warn({ err: error, tenant, [target.kind]: target.name }, 'records are to come again');
  for (const { record } of items) batch.fail(record);
}

export function refusalOf(logger: Logger, { tenant, target }: RecordGroup, error: unknown): EventRefusal {
  if (error instanceof FeatureStoreError) return { code: error.code, detail: error.message };
  logger.error({ err: error, tenant, [target.kind]: target.name }, 'records could not be stored');
  const sqlState = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^[0-9A-Z]{5}$/.test(sqlState)
    ? { code: 'database_error', detail: `Postgres refuses it: SQLSTATE ${sqlState}` }
    : { code: 'internal_error', detail: 'an unexpected error; the log has it' };
}
