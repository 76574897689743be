import type { LimitBucket, LimitCommand } from '../cache/index.ts';
import type { RateLimit } from '../platform/rate-limit.ts';
import type { Principal } from '../tenancy/index.ts';

/** Whose limit it is, as callers are told. */
export type LimitName = 'key' | 'tenant';

/** All that is the same for every request of an API key. */
export interface PreparedLimits {
  readonly command: LimitCommand;
  /** By place of the command's buckets. */
  readonly limits: readonly PreparedLimit[];
  /** The header `RateLimit-Policy`. */
  readonly policies: string;
}

export interface PreparedLimit {
  readonly name: LimitName;
  /** The same for whoever shares the bucket. */
  readonly id: string;
  /** What an entry of the header `RateLimit` begins with. */
  readonly head: string;
  /** For people. */
  readonly says: string;
}

/** Undefined where neither the key nor its tenant has a limit. */
export function prepareLimits({ tenant, keyId, limits }: Principal): PreparedLimits | undefined {
  const { tenantId } = tenant;
  const buckets: LimitBucket[] = [];
  const prepared: PreparedLimit[] = [];
  const policies: string[] = [];
  const add = (name: LimitName, limit: RateLimit | undefined): void => {
    if (limit === undefined) return;
    const { requestsPerSecond, burst } = limit;
    const ofKey = name === 'key' ? keyId : undefined;
    buckets.push({ keyId: ofKey, intervalMicros: 1_000_000 / requestsPerSecond, burst });
    prepared.push({
      name,
      id: `${tenantId}:${ofKey ?? ''}`,
      head: `"${name}";r=`,
      says: `the ${name}'s limit of ${requestsPerSecond} requests a second, ${burst} at once`,
    });
    // The window in which a whole burst comes back, rounded up: the draft knows whole seconds alone.
    policies.push(`"${name}";q=${burst};w=${Math.ceil(burst / requestsPerSecond)}`);
  };
  add('key', limits.key);
  add('tenant', limits.tenant);
  if (buckets.length === 0) return undefined;
  return { command: { kind: 'limit', tenantId, buckets }, limits: prepared, policies: policies.join(', ') };
}
