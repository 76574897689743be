import { createReadOnline } from '../../shared/online/index.ts';
import { composeSignedDynamoDb } from '../composition/dynamodb.ts';
import { composeLambda, lambdaHandler } from '../composition/lambda.ts';
import { warmUp } from '../composition/warm-up.ts';
import { mountOnline } from './app.ts';

const parts = await composeLambda({
  openDynamoDb: composeSignedDynamoDb,
  queryTimeoutMillis: 6_000,
  readsOnly: true,
});
mountOnline(parts.app, { readOnline: createReadOnline(parts) });
await warmUp(parts, process.env.AWS_LAMBDA_INITIALIZATION_TYPE);

export const handler = lambdaHandler(parts);
