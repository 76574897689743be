import { sweepProjections } from '../../shared/ingestion/index.ts';
import { createSystemClock } from '../../shared/platform/clock.ts';
import { required } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';
import { republishRegistry } from '../../shared/registry/index.ts';
import { listTenantContexts } from '../../shared/tenancy/index.ts';
import { composeCache, composeRegistries } from '../composition/core.ts';
import { composeDynamoDb } from '../composition/dynamodb.ts';
import { readLambdaEnvironment } from '../composition/read-lambda-environment.ts';

const environment = await readLambdaEnvironment(process.env);
const logger = createLogger({ level: environment.LOG_LEVEL, buffered: false });
const database = createPostgres({ url: required(environment, 'POSTGRES_URL'), maxPool: 1, telemetry: silentTelemetry });
const cache = composeCache(environment, logger);
const dynamodb = composeDynamoDb(environment);
const { store, publish } = composeRegistries({ dynamodb, cache, clock: createSystemClock(), logger });

/** Mends what a crash between a commit and what follows it has left: rows that the cache lacks, registries not published. Every minute. */
export async function handler(): Promise<{ projected: number; republished: number }> {
  let projected = 0;
  let republished = 0;
  try {
    projected = await sweepProjections({ database, cache });
  } finally {
    // Also while the cache is away, which fails projecting: publishing does without it.
    republished = await republishRegistries();
  }
  logger.info({ projected, republished }, 'swept');
  return { projected, republished };
}

async function republishRegistries(): Promise<number> {
  let republished = 0;
  for (const ctx of await listTenantContexts({ dynamodb })) {
    if (await republishRegistry({ database, store, publish }, ctx)) republished++;
  }
  return republished;
}
