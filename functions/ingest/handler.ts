import { createIngestRows } from '../../shared/ingestion/index.ts';
import { claimArrival } from '../../shared/tenancy/index.ts';
import { composeLambda, lambdaHandler } from '../composition/lambda.ts';
import { mountIngest } from './app.ts';

const parts = await composeLambda({ queryTimeoutMillis: 10_000 });
mountIngest(parts.app, {
  ingestRows: createIngestRows({ ...parts, futureToleranceSeconds: parts.environment.EVENT_TIME_TOLERANCE_SECONDS }),
  claimArrival: (ctx, claim) => claimArrival(parts, ctx, claim),
});

export const handler = lambdaHandler(parts);
