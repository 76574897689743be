import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { localCredentials } from './aws.ts';
import { createDynamoDbBreaker, type DynamoDb, type DynamoDbOptions, nameTables } from './dynamodb.ts';
import { createDynamoDbReads } from './dynamodb-reads.ts';

/**
 * DynamoDB by the SDK's client. A call is tried three times for a second each at most, and further attempts come out of the
 * SDK's own budget, which an outage uses up: it gives 500 tokens, takes 14 for a retry, or 5 where a call was throttled.
 */
export function createDynamoDb({ region, endpoint, tablePrefix }: DynamoDbOptions): DynamoDb {
  const client = new DynamoDBClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...localCredentials(endpoint),
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({ connectionTimeout: 1000, requestTimeout: 1000, throwOnRequestTimeout: true }),
  });
  const breaker = createDynamoDbBreaker();
  client.middlewareStack.add((next) => (args) => breaker.run(() => next(args)), {
    step: 'initialize',
    name: 'breaker',
  });
  const reads = createDynamoDbReads(nameTables(tablePrefix), {
    getItem: (input) => client.send(new GetItemCommand(input)),
    query: (input) => client.send(new QueryCommand(input)),
  });
  return { ...reads, client };
}
