import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { callDynamoDb, type DynamoDb } from '../platform/dynamodb.ts';
import { type ApiKeyRecord, apiKeyRecordSchema } from './api-key-record.ts';

/** The key of this id as it is now, whichever tenant's. */
export async function findApiKey({ client, tables }: DynamoDb, keyId: string): Promise<ApiKeyRecord | undefined> {
  const { Item } = await callDynamoDb(() =>
    client.send(new GetItemCommand({ TableName: tables.apiKeys, Key: { key_id: { S: keyId } }, ConsistentRead: true })),
  );
  return Item === undefined ? undefined : apiKeyRecordSchema.parse(Item);
}
