import { FeatureStoreError } from '../contract/errors.ts';
import type { TenantContext } from '../platform/context.ts';
import { isApiKeyId } from './api-key-format.ts';
import { type ApiKeyMaker, createApiKey, type NewApiKey } from './create-api-key.ts';
import { apiKeyNotFound, deleteApiKey } from './delete-api-key.ts';
import { findApiKey } from './find-api-key.ts';

/** Makes a key with the scopes, the description and the limit of a key of the tenant, and ends that one. */
export async function rotateApiKey(maker: ApiKeyMaker, tenant: TenantContext, keyId: string): Promise<NewApiKey> {
  const old = isApiKeyId(keyId) ? await findApiKey(maker.dynamodb, keyId) : undefined;
  if (old === undefined || old.tenantId !== tenant.tenantId) throw apiKeyNotFound();
  // The new one first: a failure in between leaves one key too many, never none.
  const rotated = await createApiKey(maker, tenant, old);
  try {
    await deleteApiKey(maker, tenant, keyId);
  } catch (error) {
    // Gone already is what was wanted: by another at the same moment, or by our own call whose answer was lost.
    if (!(error instanceof FeatureStoreError && error.code === 'not_found')) throw error;
  }
  return rotated;
}
