import { FeatureStoreError } from '../contract/errors.ts';

export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** Of the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** The page of sorted entries that follows the cursor. A cursor names the last entry before it, so inserts and deletions in between move nothing. */
export function pageOf<Entry>(
  sorted: readonly Entry[],
  keyOf: (entry: Entry) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Page<Entry> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const from = after === undefined ? 0 : sorted.findIndex((entry) => byName(keyOf(entry), after) > 0);
  if (from === -1) return { entries: [], nextCursor: null };
  const entries = sorted.slice(from, from + limit);
  const last = entries.at(-1);
  const isLastPage = last === undefined || from + limit >= sorted.length;
  return { entries, nextCursor: isLastPage ? null : encodeCursor(keyOf(last)) };
}

/** Names are ASCII: code units, as Postgres's "C". */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (key === '' || encodeCursor(key) !== cursor)
    throw new FeatureStoreError('invalid_request', 'cursor: not a next_cursor of this list');
  return key;
}
