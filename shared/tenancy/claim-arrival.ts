import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { FeatureStoreError } from '../contract/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { callDynamoDb, type DynamoDb, isConditionalCheckFailed } from '../platform/dynamodb.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import { numberAttribute, textAttribute } from './attributes.ts';

export interface ArrivalClaim {
  /** The request's `Idempotency-Key`. */
  readonly key: string;
  /** Tells one request from another: a digest of what was asked. */
  readonly fingerprint: string;
}

const keptSeconds = 24 * 3600;
const attempts = 5;

/**
 * The arrival time in microseconds of the first request of this key within 24 h, so that a retry's rows meet their own
 * in the primary key and never beat a correction that came in between. Throws `idempotency_key_reused` where the first
 * was another request.
 */
export async function claimArrival(
  { dynamodb, clock }: { dynamodb: DynamoDb; clock: Clock },
  tenant: TenantContext,
  claim: ArrivalClaim,
): Promise<number> {
  const arrivalMicros = clock.arrivalMicros();
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (await putClaim(dynamodb, tenant, claim, arrivalMicros)) return arrivalMicros;
    // A failed condition tells nothing about the item in dynalite, so it is read; it may have ended in between.
    const first = await readClaim(dynamodb, tenant, claim.key);
    if (first === undefined) continue;
    if (first.fingerprint === claim.fingerprint) return first.arrivalMicros;
    throw new FeatureStoreError(
      'idempotency_key_reused',
      'the Idempotency-Key was used within the last 24 hours for a request with another body',
    );
  }
  throw new UnavailableError('dynamodb', new Error(`an idempotency key came and went ${attempts} times`));
}

/** False where the key is claimed. Also by this very call, when the SDK sent it again because its answer was lost. */
async function putClaim(
  { client, tables }: DynamoDb,
  { tenantId }: TenantContext,
  { key, fingerprint }: ArrivalClaim,
  arrivalMicros: number,
): Promise<boolean> {
  const nowSeconds = Math.floor(arrivalMicros / 1_000_000);
  try {
    await callDynamoDb(() =>
      client.send(
        new PutItemCommand({
          TableName: tables.idempotency,
          Item: {
            tenant_id: { S: tenantId },
            idempotency_key: { S: key },
            fingerprint: { S: fingerprint },
            arrival_micros: { N: String(arrivalMicros) },
            expires_at: { N: String(nowSeconds + keptSeconds) },
          },
          // DynamoDB deletes what has ended up to days late.
          ConditionExpression: 'attribute_not_exists(tenant_id) OR expires_at < :now',
          ExpressionAttributeValues: { ':now': { N: String(nowSeconds) } },
        }),
      ),
    );
    return true;
  } catch (error) {
    if (isConditionalCheckFailed(error)) return false;
    throw error;
  }
}

async function readClaim(
  { client, tables }: DynamoDb,
  { tenantId }: TenantContext,
  key: string,
): Promise<{ readonly fingerprint: string; readonly arrivalMicros: number } | undefined> {
  const { Item } = await callDynamoDb(() =>
    client.send(
      new GetItemCommand({
        TableName: tables.idempotency,
        Key: { tenant_id: { S: tenantId }, idempotency_key: { S: key } },
        ConsistentRead: true,
      }),
    ),
  );
  if (Item === undefined) return undefined;
  return {
    fingerprint: textAttribute.parse(Item.fingerprint),
    arrivalMicros: numberAttribute.parse(Item.arrival_micros),
  };
}
