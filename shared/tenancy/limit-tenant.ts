import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { FeatureStoreError } from '../contract/errors.ts';
import { callDynamoDb, type DynamoDb, isConditionalCheckFailed } from '../platform/dynamodb.ts';
import type { RateLimit } from '../platform/rate-limit.ts';
import { type Tenant, tenantSchema } from './tenant-record.ts';

/** Sets what all keys of the tenant together may ask, or takes it back; processes hear of it within 30 s. */
export async function limitTenant(
  { dynamodb: { client, tables } }: { dynamodb: DynamoDb },
  name: string,
  limit: RateLimit | undefined,
): Promise<Tenant> {
  const change =
    limit === undefined
      ? { UpdateExpression: 'REMOVE requests_per_second, burst' }
      : {
          UpdateExpression: 'SET requests_per_second = :rate, burst = :burst',
          ExpressionAttributeValues: {
            ':rate': { N: String(limit.requestsPerSecond) },
            ':burst': { N: String(limit.burst) },
          },
        };
  try {
    const { Attributes } = await callDynamoDb(() =>
      client.send(
        new UpdateItemCommand({
          TableName: tables.tenants,
          Key: { name: { S: name } },
          // Else a tenant without an id would be made.
          ConditionExpression: 'attribute_exists(tenant_id)',
          ReturnValues: 'ALL_NEW',
          ...change,
        }),
      ),
    );
    return tenantSchema.parse(Attributes);
  } catch (error) {
    if (!isConditionalCheckFailed(error)) throw error;
    throw new FeatureStoreError('not_found', `there is no tenant of the name ${name}`);
  }
}
