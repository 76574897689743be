import { paginateScan } from '@aws-sdk/client-dynamodb';
import { callDynamoDb, type DynamoDb } from '../platform/dynamodb.ts';
import { type Tenant, tenantSchema } from './tenant-record.ts';

/** All tenants, in no order: for sweeps. A page of the scan is 1 MB, about 7,000 tenants. */
export async function listTenants({ dynamodb: { client, tables } }: { dynamodb: DynamoDb }): Promise<Tenant[]> {
  return callDynamoDb(async () => {
    const tenants: Tenant[] = [];
    for await (const { Items = [] } of paginateScan({ client }, { TableName: tables.tenants, ConsistentRead: true })) {
      tenants.push(...Items.map((item) => tenantSchema.parse(item)));
    }
    return tenants;
  });
}
