import { maintain } from '../../shared/maintenance/index.ts';
import { createSystemClock } from '../../shared/platform/clock.ts';
import { createEmbeddedMetrics } from '../../shared/platform/embedded-metrics.ts';
import { required } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { listTenantContexts } from '../../shared/tenancy/index.ts';
import { composeDynamoDb } from '../composition/dynamodb.ts';
import { readLambdaEnvironment } from '../composition/read-lambda-environment.ts';
import { type MaintenanceSummary, summarize } from './summarize-maintenance.ts';

/** Before Lambda's own end, for the table under way: what a run does not reach the next one begins with. */
const reserveMillis = 120_000;

const environment = await readLambdaEnvironment(process.env);
const logger = createLogger({ level: environment.LOG_LEVEL, buffered: false });
const clock = createSystemClock();
const telemetry = createEmbeddedMetrics({ clock });
const database = createPostgres({
  url: required(environment, 'POSTGRES_URL'),
  maxPool: 1,
  statementTimeoutMillis: 600_000,
  telemetry,
});
const dynamodb = composeDynamoDb(environment);

/** Every five minutes; see maintain. Fails where a table failed, after all others were maintained. */
export async function handler(
  _event: unknown,
  context: { getRemainingTimeInMillis(): number },
): Promise<MaintenanceSummary> {
  const deadlineMillis = Date.now() + context.getRemainingTimeInMillis() - reserveMillis;
  try {
    const tenants = await listTenantContexts({ dynamodb });
    return summarize(logger, await maintain({ database, clock, telemetry }, tenants, deadlineMillis));
  } finally {
    telemetry.flush();
  }
}
