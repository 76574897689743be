import { readDeadLetter } from './dead-letter.ts';
import type { DeadLetterStore } from './dead-letter-store.ts';
import type { DeliverRecords } from './deliver-records.ts';
import type { StreamRecord } from './stream-record.ts';

export interface ReplayRequest {
  /** Of the keys: a date, or a date and a tenant. All without it. */
  readonly prefix?: string | undefined;
  /** Milliseconds since the epoch when no further part is begun. */
  readonly deadlineMillis?: number | undefined;
}

export interface ReplayReport {
  readonly replayed: number;
  /** Delivered, and removed from the store. */
  readonly mended: number;
  /** Refused again. */
  readonly dead: number;
  /** Not delivered, since a store was away: they stay as they are. */
  readonly failed: number;
  /** No dead letters of ours: left where they are. */
  readonly unreadable: number;
}

/** Letters a batch: they are in memory with their bytes, up to 1 MiB each. */
const lettersOfBatch = 50;

/**
 * Delivers dead letters again by the way that records come, and removes those that have nothing left that is refused. Events
 * count at their first arrival and once, however often this runs.
 */
export async function replayDeadLetters(
  { deadLetters, deliver }: { readonly deadLetters: DeadLetterStore; readonly deliver: DeliverRecords },
  { prefix = '', deadlineMillis = Number.POSITIVE_INFINITY }: ReplayRequest,
): Promise<ReplayReport> {
  const report = { replayed: 0, mended: 0, dead: 0, failed: 0, unreadable: 0 };
  const replay = async (keys: readonly string[]): Promise<void> => {
    const letters = new Map<StreamRecord, string>();
    for (const key of keys) {
      const text = await deadLetters.get(key);
      const record = text === undefined ? undefined : readDeadLetter(text);
      if (record !== undefined) letters.set(record, key);
      else if (text !== undefined) report.unreadable += 1;
    }
    const { failed, dead } = await deliver([...letters.keys()]);
    for (const [record, key] of letters) {
      report.replayed += 1;
      if (failed.has(record)) report.failed += 1;
      else if (dead.has(record)) report.dead += 1;
      else report.mended += 1;
      // Refused again, it may stand under another key: its stream has been bound to a tenant since.
      if (!failed.has(record) && dead.get(record) !== key) await deadLetters.remove(key);
    }
  };
  let keys: string[] = [];
  for await (const key of deadLetters.list(prefix)) {
    if (Date.now() > deadlineMillis) return report;
    keys.push(key);
    if (keys.length < lettersOfBatch) continue;
    await replay(keys);
    keys = [];
  }
  await replay(keys);
  return report;
}
