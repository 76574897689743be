import type pg from 'pg';
import type { Database, Queryable, Statement } from './database.ts';
import type { Telemetry } from './telemetry.ts';
import { UnavailableError } from './unavailable.ts';

export interface PostgresOptions {
  readonly url: string;
  /** Most connections of this process. */
  readonly maxPool: number;
  /** A role to act as from the start, where the URL logs in as another user (a laptop's); in AWS each logs in as itself. */
  readonly role?: string;
  /** Milliseconds to wait for a connection. Default 2,000. */
  readonly connectTimeoutMillis?: number;
  /**
   * Milliseconds after which a query without an answer fails and its connection is dropped. Above the role's own time-out,
   * which a server that can no longer be reached does not tell of. None by default.
   */
  readonly queryTimeoutMillis?: number;
  /** Milliseconds that a statement may take, in place of the role's own time-out: a job's may take minutes. 0: no limit. */
  readonly statementTimeoutMillis?: number;
  readonly telemetry: Telemetry;
}

/** A pool against a Postgres server. It connects when first asked, so a process starts while Postgres is down. */
export function createPostgres(options: PostgresOptions): Database {
  let opened: Promise<pg.Pool> | undefined;
  const pool = (): Promise<pg.Pool> => {
    opened ??= openPool(options);
    return opened;
  };
  return {
    ...queryable(async (config) => (await pool()).query(config), options.telemetry),
    transaction: async (work) => runTransaction(await pool(), options.telemetry, work),
    // Also of what was never asked: it must refuse what comes after.
    close: async () => (await pool()).end(),
  };
}

/** Loads `pg` no sooner: 8 ms of a process's start, where the cache has what its first read asks for. */
async function openPool(options: PostgresOptions): Promise<pg.Pool> {
  const { Pool } = await import('pg');
  const pool = new Pool({
    connectionString: options.url,
    max: options.maxPool,
    connectionTimeoutMillis: options.connectTimeoutMillis ?? 2000,
    keepAlive: true,
    ...(options.queryTimeoutMillis === undefined ? {} : { query_timeout: options.queryTimeoutMillis }),
    ...(options.role === undefined ? {} : { options: `-c role=${options.role}` }),
    onConnect: async (client) => {
      if (options.role !== undefined) await takeRoleSettings(client);
      if (options.statementTimeoutMillis !== undefined) {
        await client.query(`SET statement_timeout = ${options.statementTimeoutMillis}`);
      }
    },
  });
  // An idle connection that breaks is only dropped from the pool: the next query opens another.
  pool.on('error', () => {});
  return pool;
}

/** Postgres gives a role's settings, the time-outs among them, to who logs in as it, not to who acts as it. */
async function takeRoleSettings(client: pg.ClientBase): Promise<void> {
  await client.query(`
    SELECT set_config(split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1), false)
    FROM pg_roles CROSS JOIN LATERAL unnest(rolconfig) AS setting
    WHERE rolname = current_user`);
}

type RunQuery = (config: string | pg.QueryConfig | pg.QueryArrayConfig) => Promise<{ rows: unknown[] }>;

function queryable(run: RunQuery, telemetry: Telemetry): Queryable {
  const timed = async (statement: Statement, rowMode?: 'array'): Promise<unknown[]> => {
    const startedAt = performance.now();
    try {
      const config = { text: statement.text, values: [...(statement.values ?? [])] };
      const result = await guarded(() => run(rowMode === undefined ? config : { ...config, rowMode }));
      return result.rows;
    } finally {
      telemetry.queryDone(statement.name, (performance.now() - startedAt) / 1000);
    }
  };
  return {
    rows: async <Row>(statement: Statement) => (await timed(statement)) as Row[],
    arrays: async (statement) => (await timed(statement, 'array')) as (string | number | boolean | null)[][],
    script: async (text) => {
      await guarded(() => run(text));
    },
  };
}

async function runTransaction<Result>(
  pool: pg.Pool,
  telemetry: Telemetry,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await guarded(() => pool.connect());
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await guarded(() => client.query('BEGIN'));
    const result = await work(queryable((config) => client.query(config), telemetry));
    const { command } = await guarded(() => client.query('COMMIT'));
    // After an error that somebody caught inside, Postgres answers COMMIT with ROLLBACK and no error.
    if (command !== 'COMMIT') throw new Error(`the transaction ended with ${command}`);
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

async function guarded<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw isUnavailable(error) ? new UnavailableError('postgres', error) : error;
  }
}

/** Network errors, and the SQLSTATE classes that say "later": connection, resources, operator intervention, lock or role time-out. */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (/^(08|53|57)/.test(code) || code === '40P01' || code === '40001' || code === '55P03' || code === '25P04')
    return true;
  if (/^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code)) return true;
  // pg gives its own errors no code.
  return /connection terminated|query read timeout|timeout exceeded when trying to connect|connection timeout|not queryable|cannot use a pool after/i.test(
    error.message,
  );
}
