import { FeatureStoreError } from '../contract/errors.ts';

export type Dependency = 'postgres' | 'cache' | 'dynamodb';

/** A store did not answer: down, unreachable, overloaded or too slow. Answers 503 where nothing else can answer. */
export class UnavailableError extends FeatureStoreError {
  readonly dependency: Dependency;

  constructor(dependency: Dependency, cause: unknown) {
    super('unavailable', `${dependency} is unavailable`, { dependency }, { cause });
    this.name = 'UnavailableError';
    this.dependency = dependency;
  }
}
