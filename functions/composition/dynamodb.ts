import type { DynamoDb, DynamoDbOptions, DynamoDbReads } from '../../shared/platform/dynamodb.ts';
import type { Environment } from '../../shared/platform/environment.ts';
import { createDynamoDb } from '../../shared/platform/sdk-dynamodb.ts';
import { createSignedDynamoDb } from '../../shared/platform/signed-dynamodb.ts';
import { readCredentials } from './read-credentials.ts';

/** For what writes to DynamoDB, and whoever can wait for the SDK to load. */
export function composeDynamoDb(environment: Environment): DynamoDb {
  return createDynamoDb(optionsOf(environment));
}

/** For a Lambda function that only reads, without the SDK (ADR 20). Throws EnvironmentError where there are no credentials. */
export function composeSignedDynamoDb(environment: Environment): DynamoDbReads {
  const options = optionsOf(environment);
  return createSignedDynamoDb({ ...options, credentials: readCredentials(process.env, options.endpoint) });
}

function optionsOf(environment: Environment): DynamoDbOptions {
  return {
    region: environment.AWS_REGION,
    tablePrefix: environment.DYNAMODB_TABLE_PREFIX,
    endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB,
  };
}
