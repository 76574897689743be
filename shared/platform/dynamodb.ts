import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { isAwsAway } from './aws.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { UnavailableError } from './unavailable.ts';

export interface DynamoDbOptions {
  readonly region: string;
  /** Another endpoint than AWS's, such as a local server's. */
  readonly endpoint?: string | undefined;
  readonly tablePrefix: string;
}

/** DynamoDB with the tables' names. What stands where: docs/architecture.md. */
export interface DynamoDb extends DynamoDbReads {
  readonly client: DynamoDBClient;
}

/**
 * What is read where a caller waits for a process to start, by the SDK (sdk-dynamodb.ts) or by signed requests of our own
 * (signed-dynamodb.ts). What had been written before is read. Rejects with an UnavailableError where DynamoDB does not answer.
 */
export interface DynamoDbReads {
  readonly tables: DynamoDbTables;
  /** The item of a key, whose attributes are texts; undefined where there is none. */
  getItem(table: string, key: Readonly<Record<string, string>>): Promise<Item | undefined>;
  /** All items whose partition key, the attribute `name`, is `value`, in the order of their sort keys. A page of 1 MB is a call. */
  queryItems(table: string, name: string, value: string): Promise<Item[]>;
}

export type Item = Readonly<Record<string, Attribute>>;

/** A value under the letter of its kind; the kinds that our tables hold. One of another kind has none of them. */
export interface Attribute {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly B?: Uint8Array | undefined;
  readonly SS?: string[] | undefined;
}

export interface DynamoDbTables {
  /** Tenants by name. */
  readonly tenants: string;
  /** API keys by key id. */
  readonly apiKeys: string;
  /** Registry snapshots by tenant id and part. */
  readonly registrySnapshots: string;
  /** Idempotency keys by tenant id and key; expire by DynamoDB's TTL. */
  readonly idempotency: string;
}

export function nameTables(prefix: string): DynamoDbTables {
  return {
    tenants: `${prefix}tenants`,
    apiKeys: `${prefix}api-keys`,
    registrySnapshots: `${prefix}registry-snapshots`,
    idempotency: `${prefix}idempotency`,
  };
}

/** After five calls in a row that failed, with all their attempts, none is made for half a second, then one. */
export function createDynamoDbBreaker(): Breaker {
  return createBreaker({ dependency: 'dynamodb', failuresToOpen: 5, retryAfterMillis: 500, isFailure: isAwsAway });
}

/** Runs a call and tells "DynamoDB does not answer" apart from what it answers. */
export async function callDynamoDb<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw isAwsAway(error) ? new UnavailableError('dynamodb', error) : error;
  }
}

export function isConditionalCheckFailed(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}
