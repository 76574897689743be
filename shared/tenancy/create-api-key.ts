import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Scope, scopes } from '../contract/route.ts';
import { formatMicros } from '../contract/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { callDynamoDb, type DynamoDb } from '../platform/dynamodb.ts';
import type { RateLimit } from '../platform/rate-limit.ts';
import { generateApiKey } from './api-key-format.ts';
import { type ApiKey, toApiKeyItem } from './api-key-record.ts';
import { hashApiKey, type Peppers } from './peppers.ts';

export interface ApiKeyMaker {
  readonly dynamodb: DynamoDb;
  readonly clock: Clock;
  readonly peppers: Peppers;
}

export interface ApiKeyDefinition {
  /** That of the tenant. */
  readonly cell: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
  readonly description: string;
  /** Beside the tenant's; undefined for none. */
  readonly rateLimit?: RateLimit | undefined;
}

export interface NewApiKey extends ApiKey {
  /** The whole key: it is nowhere else, and cannot be had again. */
  readonly key: string;
}

/** Makes a key of the tenant. */
export async function createApiKey(
  { dynamodb: { client, tables }, clock, peppers }: ApiKeyMaker,
  tenant: TenantContext,
  { cell, scopes: given, description, rateLimit }: ApiKeyDefinition,
): Promise<NewApiKey> {
  const { keyId, key } = generateApiKey();
  const [pepper] = peppers;
  const visible = {
    keyId,
    scopes: scopes.filter((scope) => given.includes(scope)),
    description,
    createdAt: formatMicros(clock.nowMicros()),
    rateLimit,
  };
  const { tenantId, tenantName } = tenant;
  const hash = hashApiKey(pepper, key);
  const Item = toApiKeyItem({ ...visible, tenantId, tenantName, cell, pepperId: pepper.id, hash });
  // Never over another's key. The SDK sends a put again when its answer is lost, and then the item is our own.
  await callDynamoDb(() =>
    client.send(
      new PutItemCommand({
        TableName: tables.apiKeys,
        Item,
        ConditionExpression: 'attribute_not_exists(key_id) OR key_hash = :hash',
        ExpressionAttributeValues: { ':hash': { B: hash } },
      }),
    ),
  );
  return { ...visible, key };
}
