import { PGlite } from '@electric-sql/pglite';
import type { Database, Queryable, Statement } from './database.ts';
import type { Telemetry } from './telemetry.ts';

export interface PgliteOptions {
  /** Where the data is kept; in memory without it. */
  readonly folder?: string;
  readonly telemetry: Telemetry;
}

/** Postgres inside this process, for a laptop and for tests. One session: a transaction makes all others wait. */
export async function createPglite(options: PgliteOptions): Promise<Database> {
  const pglite = await PGlite.create(options.folder === undefined ? {} : { dataDir: options.folder });
  return overPglite(pglite, options.telemetry);
}

/** The same over one that is open, such as a copy of a migrated one. */
export function overPglite(pglite: PGlite, telemetry: Telemetry): Database {
  return {
    ...queryable(pglite, telemetry),
    transaction: (work) => pglite.transaction((transaction) => work(queryable(transaction, telemetry))),
    close: () => pglite.close(),
  };
}

function queryable(session: Pick<PGlite, 'query' | 'exec'>, telemetry: Telemetry): Queryable {
  const timed = async (statement: Statement, options?: { rowMode: 'array' }): Promise<unknown[]> => {
    const startedAt = performance.now();
    try {
      return (await session.query(statement.text, [...(statement.values ?? [])], options)).rows;
    } finally {
      telemetry.queryDone(statement.name, (performance.now() - startedAt) / 1000);
    }
  };
  return {
    rows: async <Row>(statement: Statement) => (await timed(statement)) as Row[],
    arrays: async (statement) =>
      (await timed(statement, { rowMode: 'array' })) as (string | number | boolean | null)[][],
    script: async (text) => {
      await session.exec(text);
    },
  };
}
