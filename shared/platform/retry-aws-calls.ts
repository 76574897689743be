import { setTimeout as delay } from 'node:timers/promises';
import { isAwsAway } from './aws.ts';

/**
 * Retries that may be made in a row, and what of one each call gives back that succeeds at once: as the SDK's 500 tokens, of
 * which a retry takes 14 and such a call gives back 1. A retry that succeeds gives itself back. In an outage they add a
 * fourteenth to the load at most.
 */
const mostRetries = 500 / 14;
const retriesOfSuccess = 1 / 14;

/** Doubled with each retry, and of that a random part: processes that failed together do not come back together. */
const pauseMillis = 50;

export type RetryAwsCall = <Result>(attempt: () => Promise<Result>) => Promise<Result>;

/**
 * Makes calls again that found a service of AWS away or busy, up to `attempts` times in all, each after a pause. What is
 * refused is not asked for again. Throws what the last attempt did. The budget is one for all calls by it.
 */
export function createRetryAwsCall({ attempts }: { readonly attempts: number }): RetryAwsCall {
  let retriesLeft = mostRetries;

  return async (attempt) => {
    for (let made = 1; ; made++) {
      try {
        const result = await attempt();
        retriesLeft = Math.min(mostRetries, retriesLeft + (made === 1 ? retriesOfSuccess : 1));
        return result;
      } catch (error) {
        if (made === attempts || retriesLeft < 1 || !isAwsAway(error)) throw error;
        retriesLeft -= 1;
      }
      await delay(Math.random() * pauseMillis * 2 ** (made - 1));
    }
  };
}
