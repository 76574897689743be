import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { AsOfRead } from './as-of-read.ts';
import { readHistory } from './read-history.ts';
import { readLatestAsOf } from './read-latest-as-of.ts';
import { farParts, nearParts, olderParts, type SpinePart } from './spine-parts.ts';
import type { StoredRow } from './stored-row.ts';

/**
 * For each place of the spine the greatest row by (event time, created at) that had happened by then, or undefined.
 * `event_time <= t` and `recorded_at <= k` are both inclusive (docs/semantics.md section 1). `latest` answers what it can,
 * the table's partitions of the months asked for the rest, and older ones what is then left over
 * (docs/adr/0008-how-history-is-read.md).
 */
export async function readAsOf(
  query: Queryable,
  ctx: TenantContext,
  read: AsOfRead,
): Promise<(StoredRow | undefined)[]> {
  const { rows, untilMicros, leftOver } = await readLatestAsOf(query, ctx, read);
  const readPart = (part: SpinePart): Promise<number[]> =>
    readHistory(query, ctx, { ...read, untilMicros, part, rows });
  const notNear = await inLanes(nearParts(untilMicros, leftOver), readPart);
  const far = farParts(untilMicros, notNear.flat());
  const notFar = await inLanes(far, readPart);
  await inLanes(
    far.flatMap((part, index) => olderParts(part, notFar[index] ?? [])),
    readPart,
  );
  return rows;
}

/** A function on AWS has two connections. */
const lanes = 2;

async function inLanes<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
