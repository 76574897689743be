import type { DynamoDbReads } from '../platform/dynamodb.ts';
import { type Tenant, tenantSchema } from './tenant-record.ts';

export async function findTenant({ dynamodb }: { dynamodb: DynamoDbReads }, name: string): Promise<Tenant | undefined> {
  const item = await dynamodb.getItem(dynamodb.tables.tenants, { name });
  return item === undefined ? undefined : tenantSchema.parse(item);
}
