import { createLocalLimits, type LimitAnswer, type LimitCommand, limitOf, type OnlineCache } from '../cache/index.ts';
import { FeatureStoreError } from '../contract/errors.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { Principal } from '../tenancy/index.ts';
import { type PreparedLimit, type PreparedLimits, prepareLimits } from './prepare-limits.ts';
import { createRefusals } from './refusals.ts';

export interface LimiterDependencies {
  readonly cache: OnlineCache;
  readonly telemetry: Telemetry;
}

export interface Limiter {
  /** A request that counts for its key and its tenant; undefined where neither has a limit. */
  begin(principal: Principal): LimitedRequest | undefined;
}

/**
 * One request, to be counted once: by `check`, or by its command that travels with a trip to the cache and what `settle` is told of it. What
 * refuses throws rate_limited.
 */
export interface LimitedRequest {
  readonly command: LimitCommand;
  isSettled(): boolean;
  /** Throws where it is known without asking. */
  requireNotRefused(): void;
  /** What the cache answered; null where it did not, and this process counts by itself. */
  settle(answer: LimitAnswer | null): void;
  /** Asks the cache in a trip of its own. */
  check(): Promise<void>;
  /** Of the answer to the request, once it is settled. */
  headers(): Readonly<Record<string, string>>;
}

/**
 * Limits by key and by tenant, counted in the cache for all processes together, and while it is away in each process by itself. Times are the
 * cache's own, or of a clock of this process that nobody sets.
 */
export function createLimiter({ cache, telemetry }: LimiterDependencies): Limiter {
  const prepared = new WeakMap<Principal, { readonly limits: PreparedLimits | undefined }>();
  const refusals = createRefusals();
  const takeLocally = createLocalLimits();

  function limitsOf(principal: Principal): PreparedLimits | undefined {
    const known = prepared.get(principal);
    if (known !== undefined) return known.limits;
    const limits = prepareLimits(principal);
    prepared.set(principal, { limits });
    return limits;
  }

  function beginLimited({ command, limits, policies }: PreparedLimits): LimitedRequest {
    // From before the question, so that what is kept of a refusal never outlasts it.
    const beganMillis = performance.now();
    let state: string | undefined;

    const refuse = (limit: PreparedLimit, waitMillis: number): never => {
      telemetry.rateLimited(limit.name);
      throw new FeatureStoreError('rate_limited', `${limit.says}, is reached`, {
        limit: limit.name,
        retry_after_ms: Math.max(1, Math.ceil(waitMillis)),
      });
    };

    const settle = (answered: LimitAnswer | null): void => {
      const { refusedBy, retryMicros, buckets } = answered ?? takeLocally(command);
      state = buckets
        .map(({ remaining, resetMicros }, place) => entryOf(limits[place]?.head, remaining, resetMicros / 1000))
        .join(', ');
      const refusing = refusedBy === undefined ? undefined : limits[refusedBy];
      if (refusing === undefined) return;
      const untilMillis = beganMillis + retryMicros / 1000;
      const fullMillis = beganMillis + (buckets[refusedBy ?? 0]?.resetMicros ?? 0) / 1000;
      refusals.note(refusing.id, { untilMillis, fullMillis });
      refuse(refusing, retryMicros / 1000);
    };

    return {
      command,
      isSettled: () => state !== undefined,
      requireNotRefused: () => {
        for (const limit of limits) {
          const refusal = refusals.find(limit.id, beganMillis);
          if (refusal === undefined) continue;
          state = entryOf(limit.head, 0, refusal.fullMillis - beganMillis);
          refuse(limit, refusal.untilMillis - beganMillis);
        }
      },
      settle,
      check: async () => {
        let answer: LimitAnswer | null = null;
        try {
          answer = limitOf((await cache.read([], [command])).along[0]);
        } catch (error) {
          if (!(error instanceof UnavailableError)) throw error;
        }
        settle(answer);
      },
      headers: () => (state === undefined ? {} : { 'ratelimit-policy': policies, ratelimit: state }),
    };
  }

  return {
    begin: (principal) => {
      const limits = limitsOf(principal);
      return limits === undefined ? undefined : beginLimited(limits);
    },
  };
}

function entryOf(head: string | undefined, remaining: number, resetMillis: number): string {
  return `${head}${remaining};t=${Math.ceil(resetMillis / 1000)}`;
}
