import type { Database } from './database.ts';
import { isConnectionBroken, isRolledBack } from './unavailable.ts';

/** Retries that may be made in a row, and what each success gives back: in an outage they add a tenth to the load at most. */
const mostTokens = 10;
const tokensOfSuccess = 0.1;

/**
 * Makes a statement once more where that is safe and likely to help: one that Postgres rolled back itself (a deadlock, a
 * serialization failure), and, of a login that can only read, one whose connection broke, as all do when a server fails over
 * or a proxy is replaced. Never after a time-out, which has cost the caller its time already, and never a transaction, whose
 * work may have done something besides.
 */
export function retryStatements(database: Database, { readsOnly }: { readonly readsOnly: boolean }): Database {
  let tokens = mostTokens;

  async function withRetry<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      tokens = Math.min(mostTokens, tokens + tokensOfSuccess);
      return result;
    } catch (error) {
      if (!isRolledBack(error) && !(readsOnly && isConnectionBroken(error))) throw error;
      if (tokens < 1) throw error;
      tokens -= 1;
      return work();
    }
  }

  return {
    ...database,
    rows: (statement) => withRetry(() => database.rows(statement)),
    arrays: (statement) => withRetry(() => database.arrays(statement)),
  };
}
