import { createKinesisClient, createKinesisLog, createPublishEvents } from '../../shared/delivery/index.ts';
import { catchUpCache, createIngestRows } from '../../shared/ingestion/index.ts';
import { required } from '../../shared/platform/environment.ts';
import { judgeEvents } from '../../shared/stream/index.ts';
import { claimArrival } from '../../shared/tenancy/index.ts';
import { composeDynamoDb } from '../composition/dynamodb.ts';
import { composeLambda, lambdaHandler } from '../composition/lambda.ts';
import { mountIngest } from './app.ts';
import { mountEvents } from './event-routes.ts';

const parts = await composeLambda({
  openDynamoDb: composeDynamoDb,
  queryTimeoutMillis: 10_000,
  catchUp: catchUpCache,
});
const { environment } = parts;
const futureToleranceSeconds = environment.EVENT_TIME_TOLERANCE_SECONDS;
mountIngest(parts.app, {
  ingestRows: createIngestRows({ ...parts, futureToleranceSeconds }),
  claimArrival: (ctx, claim) => claimArrival(parts, ctx, claim),
});
const kinesis = createKinesisClient({
  region: environment.AWS_REGION,
  endpoint: environment.AWS_ENDPOINT_URL_KINESIS,
});
mountEvents(
  parts.app,
  createPublishEvents({
    ...parts,
    futureToleranceSeconds,
    eventLog: createKinesisLog(kinesis, environment.KINESIS_STREAM),
    judgeEvents,
    envelopeSecret: required(environment, 'ENVELOPE_SECRET'),
  }),
);

export const handler = lambdaHandler(parts);
