import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isAwsAway, localCredentials } from './aws.ts';
import { createBreaker } from './breaker.ts';
import { UnavailableError } from './unavailable.ts';

export interface DynamoDbOptions {
  readonly region: string;
  /** Another endpoint than AWS's, such as a local server's. */
  readonly endpoint?: string | undefined;
  readonly tablePrefix: string;
}

/** The DynamoDB client with the tables' names. What stands where: docs/architecture.md. */
export interface DynamoDb {
  readonly client: DynamoDBClient;
  readonly tables: DynamoDbTables;
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

/**
 * A call is tried three times for a second each at most, and further attempts come out of the SDK's own budget, which an outage
 * uses up: it gives 500 tokens, takes 5 for a retry and 10 for one after a time-out. After five calls in a row that failed none
 * is made for half a second, then one.
 */
export function createDynamoDb({ region, endpoint, tablePrefix }: DynamoDbOptions): DynamoDb {
  const client = new DynamoDBClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...localCredentials(endpoint),
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({ connectionTimeout: 1000, requestTimeout: 1000, throwOnRequestTimeout: true }),
  });
  const breaker = createBreaker({
    dependency: 'dynamodb',
    failuresToOpen: 5,
    retryAfterMillis: 500,
    isFailure: isAwsAway,
  });
  client.middlewareStack.add((next) => (args) => breaker.run(() => next(args)), {
    step: 'initialize',
    name: 'breaker',
  });
  return {
    client,
    tables: {
      tenants: `${tablePrefix}tenants`,
      apiKeys: `${tablePrefix}api-keys`,
      registrySnapshots: `${tablePrefix}registry-snapshots`,
      idempotency: `${tablePrefix}idempotency`,
    },
  };
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
