import { FeatureStoreError } from '../contract/errors.ts';
import { type Scope, scopes } from '../contract/route.ts';
import type { TenantContext } from '../platform/context.ts';
import type { RateLimit } from '../platform/rate-limit.ts';

/** Who makes a request, as its API key says. Shared by all requests of a key: never changed. */
export interface Principal {
  readonly tenant: TenantContext;
  readonly keyId: string;
  /** With those that they include. */
  readonly scopes: ReadonlySet<Scope>;
  /** Which database the tenant lives in. */
  readonly cell: string;
  /** Undefined where there is none. */
  readonly limits: { readonly key: RateLimit | undefined; readonly tenant: RateLimit | undefined };
}

export function requireScope(principal: Principal, scope: Scope): void {
  if (principal.scopes.has(scope)) return;
  throw new FeatureStoreError('forbidden', `this needs an API key with the scope ${scope}`, { scope });
}

/** `admin` includes `write`, `write` includes `read`: the order in which the contract lists them. */
export function expandScopes(given: readonly Scope[]): ReadonlySet<Scope> {
  const highest = Math.max(...given.map((scope) => scopes.indexOf(scope)));
  return new Set(scopes.slice(0, highest + 1));
}
