import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { callDynamoDb, type DynamoDb, type DynamoDbTables } from './dynamodb.ts';

export interface TableDefinition {
  readonly create: Omit<CreateTableCommandInput, 'TableName'>;
  /** Items end by themselves, up to days after the time in this attribute (seconds since the epoch). */
  readonly timeToLiveAttribute?: string;
}

/** In AWS the CDK makes the tables, which cannot import this file: a test holds the two together. */
export const tableDefinitions: Readonly<Record<keyof DynamoDbTables, TableDefinition>> = {
  tenants: {
    create: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'name', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
    },
  },
  apiKeys: {
    create: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'key_id', AttributeType: 'S' },
        { AttributeName: 'tenant_id', AttributeType: 'S' },
      ],
      KeySchema: [{ AttributeName: 'key_id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by_tenant',
          KeySchema: [
            { AttributeName: 'tenant_id', KeyType: 'HASH' },
            { AttributeName: 'key_id', KeyType: 'RANGE' },
          ],
          // What a listing shows, and not the hash: it stands in one place.
          Projection: {
            ProjectionType: 'INCLUDE',
            NonKeyAttributes: ['scopes', 'description', 'created_at', 'requests_per_second', 'burst'],
          },
        },
      ],
    },
  },
  registrySnapshots: {
    create: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'tenant_id', AttributeType: 'S' },
        { AttributeName: 'part', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'tenant_id', KeyType: 'HASH' },
        { AttributeName: 'part', KeyType: 'RANGE' },
      ],
    },
  },
  idempotency: {
    create: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'tenant_id', AttributeType: 'S' },
        { AttributeName: 'idempotency_key', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'tenant_id', KeyType: 'HASH' },
        { AttributeName: 'idempotency_key', KeyType: 'RANGE' },
      ],
    },
    timeToLiveAttribute: 'expires_at',
  },
};

/**
 * Makes the tables that are missing and waits until all are active; another process may do the same at once. For local
 * servers: the time to live is left off, since dynalite has no call for it and every reader checks `expires_at` itself.
 */
export async function ensureTables({ client, tables }: DynamoDb): Promise<void> {
  const wanted = [
    { TableName: tables.tenants, ...tableDefinitions.tenants.create },
    { TableName: tables.apiKeys, ...tableDefinitions.apiKeys.create },
    { TableName: tables.registrySnapshots, ...tableDefinitions.registrySnapshots.create },
    { TableName: tables.idempotency, ...tableDefinitions.idempotency.create },
  ];
  await callDynamoDb(() => Promise.all(wanted.map((table) => ensureTable(client, table))));
}

async function ensureTable(client: DynamoDb['client'], table: CreateTableCommandInput): Promise<void> {
  const { TableName } = table;
  try {
    await client.send(new CreateTableCommand(table));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await delay(20);
  }
  throw new Error(`DynamoDB table ${TableName} was not active within 60 s`);
}
