import { type CuttingProxy, type Fate, type ProxiedConnection, startCuttingProxy } from '../cutting-proxy.ts';

/** A statement of the handler's trip, and what befalls it. */
export interface PostgresFault {
  readonly phase: 'in the transaction' | 'after the commit';
  /** Counted from BEGIN, which is 0, or from COMMIT on, where 0 is the first after it. */
  readonly statement: number | 'COMMIT';
  readonly befalls: 'cut before' | 'cut answer' | 'backend terminated';
}

export interface FaultyPostgres extends CuttingProxy {
  /** One statement to come meets this, and nothing that was armed before; undefined: none does. */
  arm(fault: PostgresFault | undefined): void;
  hasCome(): boolean;
  /** Statements of the longest transaction, with BEGIN and COMMIT, and the most between it and the next. */
  seen(): { readonly inTransaction: number; readonly afterCommit: number };
}

/** A Postgres whose connections break where the test says, for a process that runs one transaction at a time. */
export async function startFaultyPostgres(
  serverPort: number,
  terminateBackend: (clientPort: number) => Promise<void>,
): Promise<FaultyPostgres> {
  let armed: PostgresFault | undefined;
  let hasCome = false;
  /** Since the fault was armed: what comes before is of a trip that has ended. */
  let hasCommitted = false;
  const openTransactions = new WeakMap<ProxiedConnection, number>();
  /** Not known before the first. */
  let afterCommit = Number.NaN;
  const seen = { inTransaction: 0, afterCommit: 0 };

  const placeOf = (
    sql: string,
    connection: ProxiedConnection,
  ): { readonly phase: PostgresFault['phase']; readonly statement: number } => {
    const statement = sql === 'BEGIN' ? 0 : openTransactions.get(connection);
    if (statement === undefined) return { phase: 'after the commit', statement: afterCommit++ };
    openTransactions.set(connection, statement + 1);
    if (sql === 'COMMIT') {
      seen.inTransaction = Math.max(seen.inTransaction, statement + 1);
      seen.afterCommit = Math.max(seen.afterCommit, afterCommit || 0);
      afterCommit = 0;
      hasCommitted = true;
    }
    if (sql === 'COMMIT' || sql === 'ROLLBACK') openTransactions.delete(connection);
    return { phase: 'in the transaction', statement };
  };
  const fateOf = (sql: string, connection: ProxiedConnection): Fate => {
    // What a new connection begins with belongs to no trip.
    if (sql.includes('set_config(')) return 'pass';
    const { phase, statement } = placeOf(sql, connection);
    if (phase === 'after the commit' && !hasCommitted) return 'pass';
    if (armed?.phase !== phase || (armed.statement !== statement && armed.statement !== sql)) return 'pass';
    const { befalls } = armed;
    armed = undefined;
    hasCome = true;
    return befalls === 'backend terminated' ? terminateBackend(connection.serverSidePort()) : befalls;
  };

  const proxy = await startCuttingProxy(serverPort, (bytes, connection) => {
    const sql = statementOf(bytes);
    return sql === undefined ? 'pass' : fateOf(sql, connection);
  });
  return {
    ...proxy,
    arm: (fault) => {
      armed = fault;
      hasCome = false;
      hasCommitted = false;
    },
    hasCome: () => hasCome,
    seen: () => seen,
  };
}

/**
 * The SQL that a piece from a client begins with: of a simple query, or of the Parse message of one with parameters. The
 * further pieces of a long one are of its values, and begin with no length of a statement.
 */
function statementOf(bytes: Buffer): string | undefined {
  const kind = bytes.length < 7 ? '' : bytes.toString('latin1', 0, 1);
  if (kind !== 'Q' && kind !== 'P') return undefined;
  const length = bytes.readUInt32BE(1);
  if (length > 65_535 || length >= bytes.length + (kind === 'P' ? 0 : 1)) return undefined;
  // A Parse message names its statement first; ours have no names.
  const start = kind === 'Q' ? 5 : 6;
  const end = bytes.indexOf(0, start);
  return end < 0 || end > length ? undefined : bytes.toString('utf8', start, end).trim();
}
