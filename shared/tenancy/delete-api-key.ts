import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { FeatureStoreError } from '../contract/errors.ts';
import type { TenantContext } from '../platform/context.ts';
import { callDynamoDb, type DynamoDb, isConditionalCheckFailed } from '../platform/dynamodb.ts';
import { isApiKeyId } from './api-key-format.ts';

/** Ends a key of the tenant; processes that remember it forget it within 30 s. Another tenant's is `not_found`. */
export async function deleteApiKey(
  { dynamodb: { client, tables } }: { dynamodb: DynamoDb },
  tenant: TenantContext,
  keyId: string,
): Promise<void> {
  // DynamoDB refuses an empty key, and one over 2 KB, as a fault.
  if (!isApiKeyId(keyId)) throw apiKeyNotFound();
  try {
    await callDynamoDb(() =>
      client.send(
        new DeleteItemCommand({
          TableName: tables.apiKeys,
          Key: { key_id: { S: keyId } },
          ConditionExpression: 'tenant_id = :tenant',
          ExpressionAttributeValues: { ':tenant': { S: tenant.tenantId } },
        }),
      ),
    );
  } catch (error) {
    throw isConditionalCheckFailed(error) ? apiKeyNotFound() : error;
  }
}

export function apiKeyNotFound(): FeatureStoreError {
  return new FeatureStoreError('not_found', 'this tenant has no API key of this id');
}
