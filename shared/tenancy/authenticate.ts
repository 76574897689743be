import { hash } from 'node:crypto';
import { FeatureStoreError } from '../contract/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { DynamoDbReads } from '../platform/dynamodb.ts';
import type { RateLimit } from '../platform/rate-limit.ts';
import { apiKeyLength, parseApiKey } from './api-key-format.ts';
import { createExpiringMap } from './expiring-map.ts';
import { findApiKey } from './find-api-key.ts';
import { findTenant } from './find-tenant.ts';
import { matchesHash, type Peppers } from './peppers.ts';
import { expandScopes, type Principal } from './principal.ts';

export interface AuthenticatorOptions {
  readonly dynamodb: DynamoDbReads;
  readonly peppers: Peppers;
  readonly clock: Clock;
  /** Keys that are valid as they are; given only by the local composition. */
  readonly developmentKeys?: ReadonlyMap<string, Principal>;
  /** How long a deleted key may still work; 30 when left out, which the API promises. */
  readonly cacheSeconds?: number;
  /** Of tenants that have no limit of their own; none when left out. */
  readonly defaultLimit?: RateLimit | undefined;
  /** Hears whose key it is while its tenant's limit is being read: what else a request of that tenant needs can be read meanwhile. */
  readonly onFound?: (tenant: TenantContext) => void;
  /** Keys remembered, and as many again that are known not to exist; 10,000 when left out, about 3 MB. */
  readonly maxCached?: number;
}

/**
 * Throws `unauthenticated` alike for no key, a wrong one and an unknown one, and `UnavailableError` where DynamoDB would
 * have to answer and does not. A remembered key is answered without a promise: the online read has microseconds for this.
 */
export type Authenticate = (presented: string | undefined) => Principal | Promise<Principal>;

/** Whoever makes up keys with a right checksum asks DynamoDB once in this time for each. */
const unknownMicros = 5_000_000;

export function createAuthenticator({
  dynamodb,
  peppers,
  clock,
  developmentKeys,
  cacheSeconds = 30,
  defaultLimit,
  onFound = () => {},
  maxCached = 10_000,
}: AuthenticatorOptions): Authenticate {
  // By digest, so that a dump of the memory holds no keys. Apart, so that made-up keys cannot push out the real ones.
  const known = createExpiringMap<Principal>(maxCached);
  const unknown = createExpiringMap<true>(maxCached);
  const lookups = new Map<string, Promise<Principal>>();

  async function lookUp(presented: string, keyId: string, digest: string, nowMicros: number): Promise<Principal> {
    const found = await findApiKey(dynamodb, keyId);
    if (found === undefined || !matchesHash(peppers, presented, found)) {
      unknown.set(digest, true, nowMicros + unknownMicros);
      throw invalidKey();
    }
    const { tenantId, tenantName, cell } = found;
    onFound({ tenantId, tenantName });
    // Of the tenant's record alone: a copy in each key would have to be changed in all of them at once.
    const tenant = await findTenant({ dynamodb }, tenantName);
    const principal: Principal = {
      tenant: { tenantId, tenantName },
      keyId,
      scopes: expandScopes(found.scopes),
      cell,
      limits: { key: found.rateLimit, tenant: tenant?.rateLimit ?? defaultLimit },
    };
    // Counted from before the question, since the key may have been deleted while the answer was on its way.
    known.set(digest, principal, nowMicros + cacheSeconds * 1_000_000);
    return principal;
  }

  return (presented) => {
    if (presented === undefined || presented === '') {
      throw new FeatureStoreError('unauthenticated', 'no API key was sent: send X-API-Key or Authorization: Bearer');
    }
    const developer = developmentKeys?.get(presented);
    if (developer !== undefined) return developer;
    if (presented.length !== apiKeyLength) throw invalidKey();

    const digest = hash('sha256', presented);
    const nowMicros = clock.nowMicros();
    const principal = known.get(digest, nowMicros);
    if (principal !== undefined) return principal;

    const parsed = parseApiKey(presented);
    if (parsed === undefined || unknown.get(digest, nowMicros)) throw invalidKey();
    const underway = lookups.get(digest);
    if (underway !== undefined) return underway;
    const lookup = lookUp(presented, parsed.keyId, digest, nowMicros).finally(() => lookups.delete(digest));
    lookups.set(digest, lookup);
    return lookup;
  };
}

function invalidKey(): FeatureStoreError {
  return new FeatureStoreError('unauthenticated', 'the API key is not valid');
}
