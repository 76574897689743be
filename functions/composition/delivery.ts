import {
  createDeliverRecords,
  createS3DeadLetters,
  type DeadLetterStore,
  type DeliverRecords,
} from '../../shared/delivery/index.ts';
import { catchUpCache, createIngestRows } from '../../shared/ingestion/index.ts';
import { createSystemClock } from '../../shared/platform/clock.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import { createEmbeddedMetrics } from '../../shared/platform/embedded-metrics.ts';
import { required } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createApplyEvents } from '../../shared/stream/index.ts';
import { findTenant } from '../../shared/tenancy/index.ts';
import { composeCache, openRegistries } from './core.ts';
import { composeDynamoDb } from './dynamodb.ts';
import { observeDelivery, observeDuplicates } from './observe-delivery.ts';
import { composePostgres } from './postgres.ts';
import { readLambdaEnvironment } from './read-lambda-environment.ts';

export interface DeliveryParts {
  readonly deliver: DeliverRecords;
  readonly deadLetters: DeadLetterStore;
  /** Metrics go out with each answer: Lambda freezes after it. */
  readonly flush: () => void;
}

/** What the consumers of streams are composed of, and the job that delivers dead letters again. */
export async function composeDelivery(): Promise<DeliveryParts> {
  const environment = await readLambdaEnvironment(process.env);
  const logger = createLogger({ level: environment.LOG_LEVEL, buffered: false });
  const clock = createSystemClock();
  const telemetry = createEmbeddedMetrics({ clock });
  const region = environment.AWS_REGION;
  const dynamodb = composeDynamoDb(environment);
  const database = composePostgres({
    url: required(environment, 'POSTGRES_URL'),
    maxPool: environment.POSTGRES_MAX_POOL,
    queryTimeoutMillis: 15_000,
    readsOnly: false,
    telemetry,
    logger,
  });
  const cache = composeCache(environment, logger, {
    catchUp: (unguarded) => catchUpCache({ database, cache: unguarded }),
  });
  const registries = openRegistries({ dynamodb, cache, clock, logger });
  const stores = {
    database,
    cache,
    registries,
    clock,
    futureToleranceSeconds: environment.EVENT_TIME_TOLERANCE_SECONDS,
  };
  const deadLetters = createS3DeadLetters({
    bucket: required(environment, 'DEAD_LETTER_BUCKET'),
    region,
    endpoint: environment.AWS_ENDPOINT_URL_S3,
  });
  const deliver = createDeliverRecords({
    registries,
    clock,
    logger,
    bindings: environment.STREAM_BINDINGS,
    envelopeSecret: environment.ENVELOPE_SECRET,
    findTenant: rememberTenants(async (name) => {
      const tenant = await findTenant({ dynamodb }, name);
      return tenant === undefined ? undefined : { tenantId: tenant.tenantId, tenantName: tenant.name };
    }),
    applyEvents: observeDuplicates(telemetry, createApplyEvents(stores)),
    ingestRows: createIngestRows(stores),
    deadLetters,
  });
  return { deliver: observeDelivery(telemetry, deliver), deadLetters, flush: () => telemetry.flush() };
}

type FindTenant = (name: string) => Promise<TenantContext | undefined>;

/** A tenant keeps its id for ever; one that is not there may be made at any time. */
function rememberTenants(find: FindTenant): FindTenant {
  const known = new Map<string, TenantContext>();
  return async (name) => {
    const tenant = known.get(name) ?? (await find(name));
    if (tenant !== undefined) known.set(name, tenant);
    return tenant;
  };
}
