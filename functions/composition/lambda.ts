import type { OnlineCache } from '../../shared/cache/index.ts';
import { createLimiter } from '../../shared/limits/index.ts';
import { type AnswerLimit, lambdaAnswerLimit } from '../../shared/platform/answer-limit.ts';
import { type Clock, createSystemClock } from '../../shared/platform/clock.ts';
import type { Database } from '../../shared/platform/database.ts';
import type { DynamoDbReads } from '../../shared/platform/dynamodb.ts';
import { createEmbeddedMetrics } from '../../shared/platform/embedded-metrics.ts';
import { type Environment, required } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import type { Registries } from '../../shared/registry/index.ts';
import { createAuthenticator, type Peppers } from '../../shared/tenancy/index.ts';
import { answerGateway, type GatewayResult, gatewayResponse } from '../http/answer-gateway.ts';
import { createApp, type FunctionApp } from '../http/create-app.ts';
import type { GatewayEvent } from '../http/gateway-request.ts';
import { mountHealth } from '../http/operations.ts';
import { composeCache, openRegistries } from './core.ts';
import { defaultLimit } from './default-limit.ts';
import { composePostgres } from './postgres.ts';
import { readLambdaEnvironment } from './read-lambda-environment.ts';

/** What a Lambda function is composed of; each function's handler.ts mounts its routes on it. */
export interface LambdaParts<Dynamo extends DynamoDbReads = DynamoDbReads> {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly dynamodb: Dynamo;
  readonly registries: Registries;
  /** Logged in as the function's own role. */
  readonly database: Database;
  readonly cache: OnlineCache;
  readonly peppers: Peppers;
  readonly telemetry: ReturnType<typeof createEmbeddedMetrics>;
  readonly answerLimit: AnswerLimit;
  readonly app: FunctionApp;
}

export interface LambdaOptions<Dynamo extends DynamoDbReads> {
  /** Of composition/dynamodb.ts: by the SDK for a function that writes there, which none that only reads loads. */
  readonly openDynamoDb: (environment: Environment) => Dynamo;
  /**
   * For a server that can no longer be reached: above the role's own statement time-out, and below the function's, which
   * ends the process without an answer.
   */
  readonly queryTimeoutMillis: number;
  /** Whether the function's role can only read. Default no. */
  readonly readsOnly?: boolean;
  /** Of a function that projects to the cache: catchUpCache. Others carry none of its code. */
  readonly catchUp?: (stores: Pick<LambdaParts, 'database' | 'cache'>) => Promise<unknown>;
}

/** Reads the environment and its secrets once, at init. Connects to no store yet: a function starts while one is down; warm-up.ts does, where nobody waits. */
export async function composeLambda<Dynamo extends DynamoDbReads>(
  options: LambdaOptions<Dynamo>,
): Promise<LambdaParts<Dynamo>> {
  const { openDynamoDb, queryTimeoutMillis, readsOnly = false, catchUp } = options;
  const environment = await readLambdaEnvironment(process.env);
  const logger = createLogger({ level: environment.LOG_LEVEL, buffered: false });
  const clock = createSystemClock();
  const telemetry = createEmbeddedMetrics({ clock });
  const dynamodb = openDynamoDb(environment);
  const database = composePostgres({
    url: required(environment, 'POSTGRES_URL'),
    maxPool: environment.POSTGRES_MAX_POOL,
    queryTimeoutMillis,
    readsOnly,
    telemetry,
    logger,
  });
  const cache = composeCache(
    environment,
    logger,
    catchUp === undefined ? {} : { catchUp: (unguarded) => catchUp({ database, cache: unguarded }) },
  );
  const peppers: Peppers = [{ id: '1', secret: required(environment, 'API_KEY_SECRET') }];
  const answerLimit = lambdaAnswerLimit(environment.ANSWER_MAX_BYTES);
  const registries = openRegistries({ dynamodb, cache, clock, logger });
  const authenticate = createAuthenticator({
    ...{ dynamodb, peppers, clock },
    defaultLimit: defaultLimit(environment),
    onFound: (tenant) => {
      // What fails here fails again for the request itself.
      Promise.resolve(registries.current(tenant)).catch(() => {});
    },
  });
  const app = createApp({
    authenticate,
    limiter: createLimiter({ cache, telemetry }),
    platformKey: environment.PLATFORM_API_KEY,
    logger,
    telemetry,
    answerLimit,
    toResponse: gatewayResponse,
  });
  mountHealth(app, { postgres: () => database.rows({ name: 'ping', text: 'SELECT 1' }), cache: () => cache.ping() });
  return {
    environment,
    clock,
    dynamodb,
    registries,
    database,
    cache,
    peppers,
    telemetry,
    answerLimit,
    app,
  };
}

/** The function's entry for API Gateway; metrics go out with each answer, since Lambda freezes after it. */
export function lambdaHandler({
  app,
  telemetry,
}: Pick<LambdaParts, 'app' | 'telemetry'>): (event: GatewayEvent) => Promise<GatewayResult> {
  const answer = answerGateway(app);
  return async (event) => {
    try {
      return await answer(event);
    } finally {
      telemetry.flush();
    }
  };
}
