/**
 * The only place that spells a key. The braces are the cluster's hash tag: all of one entity is in one slot. Tenant ids
 * and entity types hold no `:` and no brace, so keys never collide by concatenation whatever the entity id holds.
 */
export function entityKey(generation: number, tenantId: string, entityType: string, entityId: string): string {
  return `fs${generation}:{${tenantId}:${entityType}:${entityId}}`;
}

export function epochKey(generation: number, tenantId: string): string {
  return `fs${generation}:{${tenantId}}:epoch`;
}

/** In the slot of the tenant, with those of its keys: one script takes from both. */
export function limitKey(generation: number, tenantId: string, keyId: string | undefined): string {
  return keyId === undefined ? `fs${generation}:{${tenantId}}:limit` : `fs${generation}:{${tenantId}}:limit:${keyId}`;
}
