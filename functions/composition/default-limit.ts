import type { Environment } from '../../shared/platform/environment.ts';
import type { RateLimit } from '../../shared/platform/rate-limit.ts';

/** Of tenants that have no limit of their own; undefined where they may ask as much as they like. */
export function defaultLimit({
  DEFAULT_REQUESTS_PER_SECOND: requestsPerSecond,
  DEFAULT_BURST: burst,
}: Environment): RateLimit | undefined {
  return requestsPerSecond === 0 ? undefined : { requestsPerSecond, burst: burst || requestsPerSecond };
}
