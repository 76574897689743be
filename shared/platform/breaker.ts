import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  type IBreaker,
} from 'cockatiel';
import { type Dependency, UnavailableError } from './unavailable.ts';

export interface BreakerOptions {
  readonly dependency: Dependency;
  /** Failures in a row, of calls at the same time too, after which nothing is asked any more. */
  readonly failuresToOpen: number;
  /** After which it is tried again. */
  readonly retryAfterMillis: number;
  /** Which errors say that the dependency is away. Default all; others pass and count for nothing. */
  readonly isFailure?: (error: unknown) => boolean;
  /** Asked after each failure: whether it is enough, however few they were. */
  readonly mustOpen?: () => boolean;
  /**
   * What is tried, for which no call waits: were it the call itself, a process with one request at a time, as on Lambda, would
   * wait for a time-out in every few of them. Without it the next call is what is tried.
   */
  readonly probe?: () => Promise<unknown>;
  /** Hears when the dependency is given up (true) and when it is used again (false). */
  readonly onChange?: ((isOpen: boolean) => void) | undefined;
}

export interface Breaker {
  /** The outcome of `work`; while the breaker is open an UnavailableError at once. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Counts a failure of what did not go through `run`. */
  fail(error: unknown): void;
  /** Whether the dependency is given up and being tried now. */
  isTrying(): boolean;
}

/** A circuit breaker, so that a dependency that is dead or frozen costs a request nothing, and no load while it recovers. */
export function createBreaker(options: BreakerOptions): Breaker {
  const { dependency, failuresToOpen, retryAfterMillis, isFailure = () => true, probe, onChange } = options;
  const breaker = circuitBreaker(handleWhen(isFailure), {
    breaker: failuresInARow(failuresToOpen, options.mustOpen),
    halfOpenAfter: retryAfterMillis,
  });
  let isOpen = false;
  breaker.onStateChange((state) => {
    // Half open, it is still not used.
    if (state === CircuitState.HalfOpen || isOpen === (state === CircuitState.Open)) return;
    isOpen = !isOpen;
    onChange?.(isOpen);
  });
  const givenUp = (): UnavailableError =>
    new UnavailableError(dependency, new Error(`${dependency} failed repeatedly and is left alone`));

  return {
    run: (work) => {
      if (breaker.state === CircuitState.Closed) return breaker.execute(work);
      // When half open, what is tried is on its way.
      if (breaker.state === CircuitState.Open) {
        // Both reject at once while it is not yet time.
        if (probe === undefined) return breaker.execute(work).catch(throwAs(givenUp));
        breaker.execute(probe).catch(() => {});
      }
      return Promise.reject(givenUp());
    },
    fail: (error) => {
      if (breaker.state === CircuitState.Closed) breaker.execute(() => Promise.reject(error)).catch(() => {});
    },
    isTrying: () => breaker.state === CircuitState.HalfOpen,
  };
}

function failuresInARow(most: number, mustOpen: () => boolean = () => false): IBreaker {
  const consecutive = new ConsecutiveBreaker(most);
  return {
    state: undefined,
    success: () => consecutive.success(),
    failure: () => consecutive.failure() || mustOpen(),
  };
}

/** Throws what was thrown, but for the breaker's own refusal. */
function throwAs(givenUp: () => UnavailableError): (error: unknown) => never {
  return (error) => {
    throw error instanceof BrokenCircuitError ? givenUp() : error;
  };
}
