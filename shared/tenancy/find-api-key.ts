import type { DynamoDbReads } from '../platform/dynamodb.ts';
import { type ApiKeyRecord, apiKeyRecordSchema } from './api-key-record.ts';

/** The key of this id as it is now, whichever tenant's. */
export async function findApiKey(dynamodb: DynamoDbReads, keyId: string): Promise<ApiKeyRecord | undefined> {
  const item = await dynamodb.getItem(dynamodb.tables.apiKeys, { key_id: keyId });
  return item === undefined ? undefined : apiKeyRecordSchema.parse(item);
}
