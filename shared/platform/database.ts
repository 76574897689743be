/**
 * Postgres as the code sees it: `pg` against a server (postgres.ts), PGlite in this process (pglite.ts). SQL returns
 * only what both read alike: text, int4, float8, bool, text[] and jsonb; other types are cast to text in the query.
 */
export interface Statement {
  /** What the duration metric calls it; not a prepared statement's name, which would pin a proxied connection. */
  readonly name: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export interface Queryable {
  /** Rows as objects. The type is the caller's word for what its own SQL returns. */
  rows<Row>(statement: Statement): Promise<Row[]>;
  /** Rows as arrays of columns: half the cost of objects for wide rows. */
  arrays(statement: Statement): Promise<(string | number | boolean | null)[][]>;
  /** Runs a script of several statements, for migrations. */
  script(text: string): Promise<void>;
}

export interface Database extends Queryable {
  /** Runs `work` in one transaction; rolls back when it throws. */
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** A Postgres identifier in quotes; names come from patterns without quotes, the doubling is the second fence. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
