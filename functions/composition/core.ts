import {
  createRespCache,
  createUpstashCache,
  type GuardOptions,
  guardCache,
  holdReads,
  type OnlineCache,
} from '../../shared/cache/index.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import { createDynamoDb, type DynamoDb } from '../../shared/platform/dynamodb.ts';
import { type Environment, EnvironmentError } from '../../shared/platform/environment.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import { UnavailableError } from '../../shared/platform/unavailable.ts';
import {
  createRegistries,
  createSnapshotStore,
  type Registries,
  type RegistrySnapshot,
  type SnapshotStore,
} from '../../shared/registry/index.ts';

/** What every function needs of the registry: the tenants' registries in memory, and how a change becomes known. */
export interface RegistryCore {
  readonly registries: Registries;
  readonly store: SnapshotStore;
  readonly publish: (ctx: TenantContext, snapshot: RegistrySnapshot) => Promise<void>;
}

export function composeRegistries(parts: {
  readonly dynamodb: DynamoDb;
  readonly cache: OnlineCache;
  readonly clock: Clock;
  readonly logger: Logger;
}): RegistryCore {
  const { dynamodb, cache, clock, logger } = parts;
  const store = createSnapshotStore(dynamodb);

  const announceEpoch = async ({ tenantId }: TenantContext, epoch: number): Promise<void> => {
    try {
      await cache.publishEpoch(tenantId, epoch);
    } catch (error) {
      // Whoever reads while the cache is away looks into the snapshot store each second, and announces what it finds.
      if (!(error instanceof UnavailableError)) throw error;
    }
  };

  const onStale = ({ tenantName }: TenantContext, err: unknown): void => {
    logger.warn({ err, tenant: tenantName }, 'the registry could not be read again: what was read before serves');
  };

  const registries = createRegistries({ store, clock, announceEpoch, onStale });
  return {
    registries,
    store,
    publish: async (ctx, snapshot) => {
      registries.install(ctx, snapshot);
      await store.publish(ctx.tenantId, snapshot);
      await announceEpoch(ctx, snapshot.epoch);
    },
  };
}

export function composeDynamoDb(environment: Environment): DynamoDb {
  return createDynamoDb({
    region: environment.AWS_REGION,
    tablePrefix: environment.DYNAMODB_TABLE_PREFIX,
    endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB,
  });
}

/**
 * The cache that the environment names, behind its breaker. An outage is a line of the log at its begin and one at its end:
 * no request fails of it.
 */
export function composeCache(
  environment: Environment,
  logger: Logger,
  guard: Pick<GuardOptions, 'catchUp'> = {},
): OnlineCache {
  const guarded = guardCache(openCache(environment), {
    ...guard,
    onChange: (isOpen) => {
      if (isOpen) logger.warn('the cache fails and is left alone: Postgres answers');
      else logger.warn('the cache answers again');
    },
  });
  const { CACHE_HOLD_MS: holdMillis } = environment;
  return holdMillis === 0 ? guarded : holdReads(guarded, { holdMillis });
}

function openCache(environment: Environment): OnlineCache {
  const { REDIS_URL, UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } = environment;
  const options = {
    timeoutMillis: environment.CACHE_TIMEOUT_MS,
    ttlSeconds: environment.CACHE_TTL_SECONDS,
    generation: environment.CACHE_GENERATION,
  };
  if (UPSTASH_REDIS_REST_URL !== undefined && UPSTASH_REDIS_REST_TOKEN !== undefined) {
    return createUpstashCache({ url: UPSTASH_REDIS_REST_URL, token: UPSTASH_REDIS_REST_TOKEN, ...options });
  }
  if (REDIS_URL === undefined) throw new EnvironmentError(['REDIS_URL or UPSTASH_REDIS_REST_URL is needed here.']);
  return createRespCache({ url: REDIS_URL, maxConnections: environment.REDIS_MAX_CONNECTIONS, ...options });
}
