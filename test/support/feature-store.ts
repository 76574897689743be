import { inject } from 'vitest';
import type { RegistryCore } from '../../functions/composition/core.ts';
import type { FunctionApp } from '../../functions/http/create-app.ts';
import { composeApp } from '../../functions/local/compose-app.ts';
import {
  createMemoryCache,
  createRespCache,
  createUpstashCache,
  guardCache,
  type OnlineCache,
} from '../../shared/cache/index.ts';
import type { EventLog } from '../../shared/delivery/index.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import { createSystemClock } from '../../shared/platform/clock.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import type { DynamoDb } from '../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../shared/platform/dynamodb-tables.ts';
import { readEnvironment } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createPrometheusTelemetry } from '../../shared/platform/prometheus.ts';
import { createDynamoDb } from '../../shared/platform/sdk-dynamodb.ts';
import { createTenant } from '../../shared/tenancy/index.ts';
import { absentKinesis } from './absent-kinesis.ts';
import { openLaneDatabases, openServer, type StoreDatabases } from './lane-databases.ts';

type CacheKind = 'redis' | 'cluster' | 'upstash' | 'memory' | 'off';

export interface FeatureStoreOptions {
  /** Default redis. `off` keeps nothing: every read answers from Postgres. */
  readonly cache?: CacheKind;
  readonly clock?: Clock;
  /** Further settings, as the environment would give them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Another cache or databases, such as of a server that the test stops. */
  readonly replace?: {
    readonly cache?: OnlineCache;
    readonly postgresUrl?: string;
    readonly dynamodb?: DynamoDb;
    /** Without it Kinesis is away. */
    readonly eventLog?: EventLog;
  };
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, or the text where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on what came over the wire, whatever it is
  readonly json: any;
  readonly text: string;
  readonly headers: Headers;
}

export interface RequestOptions {
  /** Default: the store's first tenant's admin key. Null sends none. */
  readonly key?: string | null;
  readonly body?: unknown;
  /** Sent as it is, instead of body. */
  readonly rawBody?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestTenant {
  readonly ctx: TenantContext;
  readonly key: string;
}

/** The whole store over real parts, asked as a client would. */
export interface TestFeatureStore {
  readonly app: FunctionApp;
  readonly core: RegistryCore;
  readonly tenant: TestTenant;
  readonly databases: StoreDatabases;
  readonly cache: OnlineCache;
  readonly dynamodb: DynamoDb;
  readonly clock: Clock;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  post(path: string, body: unknown, options?: RequestOptions): Promise<Answer>;
  get(path: string, options?: RequestOptions): Promise<Answer>;
  /** Another tenant of the same store. */
  createTenant(): Promise<TestTenant>;
  close(): Promise<void>;
}

/** Of the envelopes that events are written in. */
export const envelopeSecret = 'a secret of the tests, long enough';

const pepper = { id: '1', secret: 'a pepper of the tests, long enough' };

/** Composes the app that `npm start` serves, over the Postgres of the project's lane and the services that it has started. */
export async function createFeatureStore(options: FeatureStoreOptions = {}): Promise<TestFeatureStore> {
  const clock = options.clock ?? createSystemClock();
  const telemetry = createPrometheusTelemetry({ clock });
  const environment = readEnvironment({ LOG_LEVEL: 'silent', ...options.settings });
  const postgresUrl = options.replace?.postgresUrl;
  const postgres = await (postgresUrl === undefined
    ? openLaneDatabases(telemetry)
    : openServer(postgresUrl, telemetry));
  const { databases } = postgres;
  const dynamodb = options.replace?.dynamodb ?? (await openDynamoDb());
  const cache = options.replace?.cache ?? openCache(options.cache ?? 'redis', clock);
  const { app, core } = composeApp({
    environment,
    stores: { ...databases, cache, dynamodb, eventLog: options.replace?.eventLog ?? absentKinesis() },
    clock,
    telemetry,
    logger: createLogger({ level: environment.LOG_LEVEL, buffered: false }),
    peppers: [pepper],
    envelopeSecret,
  });

  const makeTenant = async (): Promise<TestTenant> => {
    const name = `tenant-${crypto.randomUUID()}`;
    const { tenant, apiKey } = await createTenant({ dynamodb, clock, peppers: [pepper] }, { name });
    return { ctx: { tenantId: tenant.tenantId, tenantName: name }, key: apiKey.key };
  };
  const tenant = await makeTenant();

  const request = async (method: string, path: string, asked: RequestOptions = {}): Promise<Answer> => {
    const key = asked.key === undefined ? tenant.key : asked.key;
    const body = asked.rawBody ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
    const response = await app.hono.request(path, {
      method,
      headers: {
        ...(key === null ? {} : { 'x-api-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...asked.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, text, json: parsed(text), headers: response.headers };
  };

  return {
    app,
    core,
    tenant,
    databases,
    cache,
    dynamodb,
    clock,
    request,
    post: (path, body, asked) => request('POST', path, { ...asked, body }),
    get: (path, asked) => request('GET', path, asked),
    createTenant: makeTenant,
    close: async () => {
      await cache.close();
      await postgres.close();
      dynamodb.client.destroy();
    },
  };
}

async function openDynamoDb(): Promise<DynamoDb> {
  const dynamodb = createDynamoDb({
    region: 'us-east-1',
    endpoint: inject('dynamodbEndpoint'),
    tablePrefix: 'feature-store-',
  });
  await ensureTables(dynamodb);
  return dynamodb;
}

/** Tenants have ids of their own, so all tests share one Redis. */
function openCache(kind: CacheKind, clock: Clock): OnlineCache {
  if (kind === 'memory') return createMemoryCache({ clock, ttlSeconds: 3600, generation: 1 });
  if (kind === 'off') return createMemoryCache({ clock, ttlSeconds: 0, generation: 1 });
  const options = { ttlSeconds: 3600, generation: 1, timeoutMillis: 1000 };
  if (kind === 'upstash') return guardCache(createUpstashCache({ ...inject('upstash'), ...options }));
  const url = inject(kind === 'redis' ? 'redisUrl' : 'redisClusterUrl');
  return guardCache(createRespCache({ url, ...options }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
