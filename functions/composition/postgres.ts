import type { Database } from '../../shared/platform/database.ts';
import { guardDatabase } from '../../shared/platform/guarded-database.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import { createPostgres, type PostgresOptions } from '../../shared/platform/postgres.ts';
import { retryStatements } from '../../shared/platform/retry-statements.ts';

export interface GuardedPostgresOptions extends PostgresOptions {
  /** Whether the login can only read, so that any statement may be made again. */
  readonly readsOnly: boolean;
  readonly logger: Logger;
}

/** What callers wait for: Postgres behind its breaker. Jobs wait as long as they must, and do without. */
export function composePostgres({ readsOnly, logger, ...options }: GuardedPostgresOptions): Database {
  return guardDatabase(retryStatements(createPostgres(options), { readsOnly }), {
    onChange: (isOpen) => {
      if (isOpen) logger.warn('postgres fails and is left alone: the cache answers what it has');
      else logger.warn('postgres answers again');
    },
  });
}
