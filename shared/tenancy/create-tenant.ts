import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { FeatureStoreError } from '../contract/errors.ts';
import { formatMicros } from '../contract/time.ts';
import { callDynamoDb, isConditionalCheckFailed } from '../platform/dynamodb.ts';
import type { RateLimit } from '../platform/rate-limit.ts';
import { toRateLimitItem } from './attributes.ts';
import { type ApiKeyMaker, createApiKey, type NewApiKey } from './create-api-key.ts';
import { deleteApiKey } from './delete-api-key.ts';
import { randomText } from './random-text.ts';
import type { Tenant } from './tenant-record.ts';

/** Makes a tenant and its first admin key. A name that is taken is `tenant_exists`. */
export async function createTenant(
  maker: ApiKeyMaker,
  { name, rateLimit }: { readonly name: string; readonly rateLimit?: RateLimit | undefined },
): Promise<{ tenant: Tenant; apiKey: NewApiKey }> {
  const tenant: Tenant = {
    name,
    // 12 letters are 56 bits: a million tenants share an id with a chance of 5 in a million.
    tenantId: `t_${randomText('abcdefghijklmnopqrstuvwxyz', 12)}`,
    cell: 'default',
    layout: 1,
    createdAt: formatMicros(maker.clock.nowMicros()),
    rateLimit,
  };
  const context = { tenantId: tenant.tenantId, tenantName: name };
  // The key first: a failure in between leaves a key that nobody was told, not a tenant that nobody can enter.
  const apiKey = await createApiKey(maker, context, {
    cell: tenant.cell,
    scopes: ['admin'],
    description: 'First key of the tenant',
  });
  if (!(await putTenant(maker, tenant))) {
    await deleteApiKey(maker, context, apiKey.keyId);
    throw new FeatureStoreError('tenant_exists', `a tenant of the name ${name} exists`);
  }
  return { tenant, apiKey };
}

/** False where another tenant has the name. The SDK sends a put again when its answer is lost: then the item is ours. */
async function putTenant({ dynamodb: { client, tables } }: ApiKeyMaker, tenant: Tenant): Promise<boolean> {
  try {
    await callDynamoDb(() =>
      client.send(
        new PutItemCommand({
          TableName: tables.tenants,
          Item: {
            name: { S: tenant.name },
            tenant_id: { S: tenant.tenantId },
            cell: { S: tenant.cell },
            layout: { N: String(tenant.layout) },
            created_at: { S: tenant.createdAt },
            ...toRateLimitItem(tenant.rateLimit),
          },
          ConditionExpression: 'attribute_not_exists(tenant_id) OR tenant_id = :id',
          ExpressionAttributeValues: { ':id': { S: tenant.tenantId } },
        }),
      ),
    );
    return true;
  } catch (error) {
    if (isConditionalCheckFailed(error)) return false;
    throw error;
  }
}
