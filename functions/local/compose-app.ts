import type { OnlineCache } from '../../shared/cache/index.ts';
import { createPublishEvents, type EventLog, type PublishEvents } from '../../shared/delivery/index.ts';
import { checkFilter } from '../../shared/filters/index.ts';
import { createIngestRows } from '../../shared/ingestion/index.ts';
import { createLimiter } from '../../shared/limits/index.ts';
import { createReadOnline } from '../../shared/online/index.ts';
import { httpAnswerLimit } from '../../shared/platform/answer-limit.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import type { Database } from '../../shared/platform/database.ts';
import type { DynamoDb } from '../../shared/platform/dynamodb.ts';
import type { Environment } from '../../shared/platform/environment.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import type { PrometheusTelemetry } from '../../shared/platform/prometheus.ts';
import { createReadStatistics } from '../../shared/statistics/index.ts';
import { judgeEvents } from '../../shared/stream/index.ts';
import {
  claimArrival,
  createAuthenticator,
  listTenants,
  type Peppers,
  type Principal,
} from '../../shared/tenancy/index.ts';
import { createReadBatch } from '../../shared/training/index.ts';
import { composeRegistries, type RegistryCore } from '../composition/core.ts';
import { defaultLimit } from '../composition/default-limit.ts';
import { tableEffects } from '../composition/table-effects.ts';
import { createApp, type FunctionApp } from '../http/create-app.ts';
import { mountHealth, mountMetrics } from '../http/operations.ts';
import { mountIngest } from '../ingest/app.ts';
import { mountEvents } from '../ingest/event-routes.ts';
import { mountOnline } from '../online/app.ts';
import { mountRegistry } from '../registry/app.ts';

export interface AppStores {
  readonly dynamodb: DynamoDb;
  readonly cache: OnlineCache;
  readonly owner: Database;
  readonly writer: Database;
  readonly reader: Database;
  readonly eventLog: EventLog;
}

export interface AppParts {
  readonly environment: Environment;
  readonly stores: AppStores;
  readonly clock: Clock;
  readonly telemetry: PrometheusTelemetry;
  readonly logger: Logger;
  readonly peppers: Peppers;
  readonly envelopeSecret: string;
  readonly developmentKeys?: ReadonlyMap<string, Principal>;
}

export interface ComposedApp {
  readonly app: FunctionApp;
  readonly core: RegistryCore;
  readonly publishEvents: PublishEvents;
}

/** The routes of all three functions on one app, over stores that each function has to itself in AWS. */
export function composeApp(parts: AppParts): ComposedApp {
  const { environment, stores, clock, telemetry, peppers } = parts;
  const { dynamodb, cache } = stores;
  const core = composeRegistries({ dynamodb, cache, clock, logger: parts.logger });
  const { registries, publish } = core;

  const answerLimit = httpAnswerLimit(environment.ANSWER_MAX_BYTES);
  const app = createApp({
    authenticate: createAuthenticator({
      dynamodb,
      peppers,
      clock,
      defaultLimit: defaultLimit(environment),
      ...(parts.developmentKeys === undefined ? {} : { developmentKeys: parts.developmentKeys }),
    }),
    limiter: createLimiter({ cache, telemetry }),
    platformKey: environment.PLATFORM_API_KEY,
    logger: parts.logger,
    telemetry,
    answerLimit,
  });
  mountOnline(app, {
    readOnline: createReadOnline({ registries, cache, database: stores.reader, clock, telemetry, answerLimit }),
  });
  mountIngest(app, {
    ingestRows: createIngestRows({
      registries,
      cache,
      database: stores.writer,
      clock,
      futureToleranceSeconds: environment.EVENT_TIME_TOLERANCE_SECONDS,
    }),
    claimArrival: (ctx, claim) => claimArrival({ dynamodb, clock }, ctx, claim),
  });
  const publishEvents = createPublishEvents({
    registries,
    clock,
    eventLog: stores.eventLog,
    judgeEvents,
    envelopeSecret: parts.envelopeSecret,
    futureToleranceSeconds: environment.EVENT_TIME_TOLERANCE_SECONDS,
  });
  mountEvents(app, publishEvents);
  mountRegistry(app, {
    register: {
      database: stores.owner,
      clock,
      defaultRetentionDays: environment.DEFAULT_RETENTION_DAYS,
      effects: { ...tableEffects, publish },
      checkFilter,
    },
    registries,
    readBatch: createReadBatch({ registries, database: stores.reader, clock, answerLimit }),
    cache,
    readStatistics: createReadStatistics({ registries, database: stores.reader, clock }),
    tenancy: { dynamodb, clock, peppers },
    referenceScript: new URL('./browser/standalone.js', import.meta.resolve('@scalar/api-reference')),
  });
  mountHealth(app, {
    postgres: () => stores.reader.rows({ name: 'ping', text: 'SELECT 1' }),
    cache: () => cache.ping(),
    dynamodb: () => listTenants({ dynamodb }),
  });
  mountMetrics(app, telemetry);
  return { app, core, publishEvents };
}
