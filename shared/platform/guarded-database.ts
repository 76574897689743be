import { createBreaker } from './breaker.ts';
import type { Database } from './database.ts';
import { isServerAway } from './unavailable.ts';

export interface DatabaseGuardOptions {
  /** Failures in a row, of calls at the same time too, after which Postgres is not asked any more. Default 3. */
  readonly failuresToOpen?: number;
  /** After which it is tried again. Default 250. */
  readonly retryAfterMillis?: number;
  readonly onChange?: (isOpen: boolean) => void;
}

/**
 * A circuit breaker round a Postgres. One that takes connections and says nothing costs a request up to its query time-out
 * of 6 s: three of them, and those that follow are answered at once, by the cache or with 503. What Postgres itself refuses
 * (a lock not had, a statement that took too long) is an answer of a server that is there and does not count.
 */
export function guardDatabase(database: Database, options: DatabaseGuardOptions = {}): Database {
  const breaker = createBreaker({
    dependency: 'postgres',
    failuresToOpen: options.failuresToOpen ?? 3,
    retryAfterMillis: options.retryAfterMillis ?? 250,
    isFailure: isServerAway,
    probe: () => database.rows({ name: 'probe', text: 'SELECT 1' }),
    onChange: options.onChange,
  });
  return {
    rows: (statement) => breaker.run(() => database.rows(statement)),
    arrays: (statement) => breaker.run(() => database.arrays(statement)),
    script: (text) => breaker.run(() => database.script(text)),
    transaction: (work) => breaker.run(() => database.transaction(work)),
    close: () => database.close(),
  };
}
