import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { callDynamoDb, type DynamoDb } from '../platform/dynamodb.ts';
import { type Tenant, tenantSchema } from './tenant-record.ts';

export async function findTenant(
  { dynamodb: { client, tables } }: { dynamodb: DynamoDb },
  name: string,
): Promise<Tenant | undefined> {
  const { Item } = await callDynamoDb(() =>
    client.send(new GetItemCommand({ TableName: tables.tenants, Key: { name: { S: name } }, ConsistentRead: true })),
  );
  return Item === undefined ? undefined : tenantSchema.parse(Item);
}
