import type { TenantContext } from '../../shared/platform/context.ts';
import type { RateLimit } from '../../shared/platform/rate-limit.ts';
import { expandScopes, type Principal } from '../../shared/tenancy/index.ts';

/** Two tenants that exist on a laptop only, with internal ids that stay the same whatever store is replaced. */
export const developmentTenants: readonly TenantContext[] = [
  { tenantId: 't_developmento', tenantName: 'tenant1' },
  { tenantId: 't_developmentt', tenantName: 'tenant2' },
];

/** `tenant1_key` and `tenant2_key`, with every scope and the limit of tenants that have none of their own. */
export function developmentKeys(tenantLimit: RateLimit | undefined): ReadonlyMap<string, Principal> {
  return new Map(
    developmentTenants.map((tenant) => [
      `${tenant.tenantName}_key`,
      {
        tenant,
        keyId: `${tenant.tenantName}_key`,
        scopes: expandScopes(['admin']),
        cell: 'default',
        limits: { key: undefined, tenant: tenantLimit },
      },
    ]),
  );
}
