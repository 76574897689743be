import { paginateScan } from '@aws-sdk/client-dynamodb';
import type { TenantContext } from '../platform/context.ts';
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

/** The same as contexts, for jobs that go from tenant to tenant. */
export async function listTenantContexts(parts: { readonly dynamodb: DynamoDb }): Promise<TenantContext[]> {
  const tenants = await listTenants(parts);
  return tenants.map(({ tenantId, name }) => ({ tenantId, tenantName: name }));
}
