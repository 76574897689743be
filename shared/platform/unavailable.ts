import { FeatureStoreError } from '../contract/errors.ts';

export type Dependency = 'postgres' | 'cache' | 'dynamodb' | 'kinesis' | 'dead_letters';

/** A store did not answer: down, unreachable, overloaded or too slow. Answers 503 where nothing else can answer. */
export class UnavailableError extends FeatureStoreError {
  readonly dependency: Dependency;

  constructor(dependency: Dependency, cause: unknown) {
    super('unavailable', `${dependency} is unavailable`, { dependency }, { cause });
    this.name = 'UnavailableError';
    this.dependency = dependency;
  }
}

/** Whether Postgres is there and only a lock was not had in time: later it will be. */
export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '55P03';
}

/** Whether Postgres is there and the statement took too long, or somebody ended it. */
export function isStatementTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '57014';
}

/** Whether Postgres rolled the statement back for the sake of another, so that nothing of it stands. */
export function isRolledBack(error: unknown): boolean {
  return ['40001', '40P01'].includes(String(sqlStateOf(error)));
}

/** Whether a connection to Postgres that stood broke under a statement, which may have been done or not. */
export function isConnectionBroken(error: unknown): boolean {
  if (!isOfPostgres(error)) return false;
  const code = sqlStateOf(error);
  if (code !== undefined) return /^(57P0[12]|0800[36]|ECONNRESET|EPIPE)$/.test(String(code));
  return error.cause instanceof Error && /^connection terminated( unexpectedly)?$/i.test(error.cause.message);
}

/** Whether Postgres cannot be reached or says nothing. What it refuses with a SQLSTATE is an answer, but for "I am going". */
export function isServerAway(error: unknown): boolean {
  if (!isOfPostgres(error)) return false;
  const code = sqlStateOf(error);
  return code === undefined || /^(08|57P|E)/.test(String(code));
}

function isOfPostgres(error: unknown): error is UnavailableError {
  return error instanceof UnavailableError && error.dependency === 'postgres';
}

function sqlStateOf(error: unknown): unknown {
  if (!(error instanceof UnavailableError) || !(error.cause instanceof Error)) return undefined;
  return 'code' in error.cause ? error.cause.code : undefined;
}
