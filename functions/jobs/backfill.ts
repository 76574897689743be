import { runBackfills } from '../../shared/backfill/index.ts';
import { createSystemClock } from '../../shared/platform/clock.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import { createEmbeddedMetrics } from '../../shared/platform/embedded-metrics.ts';
import { required } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { republishRegistry } from '../../shared/registry/index.ts';
import { listTenantContexts } from '../../shared/tenancy/index.ts';
import { composeCache, composeRegistries } from '../composition/core.ts';
import { composeDynamoDb } from '../composition/dynamodb.ts';
import { readLambdaEnvironment } from '../composition/read-lambda-environment.ts';
import { type BackfillSummary, summarizeBackfills } from './summarize-backfills.ts';

/** Before Lambda's own end, for the part under way. */
const reserveMillis = 60_000;

const environment = await readLambdaEnvironment(process.env);
const logger = createLogger({ level: environment.LOG_LEVEL, buffered: false });
const clock = createSystemClock();
const telemetry = createEmbeddedMetrics({ clock });
const database = createPostgres({
  url: required(environment, 'POSTGRES_URL'),
  maxPool: 1,
  // The index of a large partition takes many minutes, and is made to its end when this function has ended.
  statementTimeoutMillis: 0,
  telemetry,
});
const cache = composeCache(environment, logger);
const dynamodb = composeDynamoDb(environment);
const { store, publish } = composeRegistries({ dynamodb, cache, clock, logger });

/** Every minute; see runBackfills. What it does not reach in its time the next one goes on with. Fails where one failed, after all others. */
export async function handler(
  _event: unknown,
  context: { getRemainingTimeInMillis(): number },
): Promise<BackfillSummary> {
  const deadlineMillis = Date.now() + context.getRemainingTimeInMillis() - reserveMillis;
  try {
    const tenants = await listTenantContexts({ dynamodb });
    const republish = (ctx: TenantContext) => republishRegistry({ database, store, publish }, ctx);
    return summarizeBackfills(
      logger,
      await runBackfills({ database, cache, clock, logger, republish }, tenants, deadlineMillis),
    );
  } finally {
    telemetry.flush();
  }
}
