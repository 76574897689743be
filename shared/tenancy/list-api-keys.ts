import { paginateQuery } from '@aws-sdk/client-dynamodb';
import type { TenantContext } from '../platform/context.ts';
import { callDynamoDb, type DynamoDb } from '../platform/dynamodb.ts';
import { type ApiKey, apiKeySchema } from './api-key-record.ts';

/** All keys of the tenant, oldest first. The index follows its table within about a second. */
export async function listApiKeys(
  { dynamodb: { client, tables } }: { dynamodb: DynamoDb },
  tenant: TenantContext,
): Promise<ApiKey[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName: tables.apiKeys,
      IndexName: 'by_tenant',
      KeyConditionExpression: 'tenant_id = :tenant',
      ExpressionAttributeValues: { ':tenant': { S: tenant.tenantId } },
    },
  );
  const keys = await callDynamoDb(async () => {
    const found: ApiKey[] = [];
    for await (const { Items = [] } of pages) found.push(...Items.map((item) => apiKeySchema.parse(item)));
    return found;
  });
  return keys.sort((left, right) => compare(left.createdAt, right.createdAt) || compare(left.keyId, right.keyId));
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
