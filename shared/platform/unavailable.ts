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

function sqlStateOf(error: unknown): unknown {
  if (!(error instanceof UnavailableError) || !(error.cause instanceof Error)) return undefined;
  return 'code' in error.cause ? error.cause.code : undefined;
}
