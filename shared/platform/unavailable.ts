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
  if (!(error instanceof UnavailableError) || !(error.cause instanceof Error)) return false;
  return 'code' in error.cause && error.cause.code === '55P03';
}
