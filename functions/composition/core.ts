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
import type { DynamoDb, DynamoDbReads } from '../../shared/platform/dynamodb.ts';
import { type Environment, EnvironmentError } from '../../shared/platform/environment.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import { UnavailableError } from '../../shared/platform/unavailable.ts';
import {
  createRegistries,
  createSnapshotReads,
  createSnapshotStore,
  type Registries,
  type RegistrySnapshot,
  type SnapshotStore,
} from '../../shared/registry/index.ts';

interface RegistryParts<Dynamo extends DynamoDbReads = DynamoDbReads> {
  readonly dynamodb: Dynamo;
  readonly cache: OnlineCache;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The tenants' registries in memory, which every function reads by. */
export function openRegistries({ dynamodb, cache, clock, logger }: RegistryParts): Registries {
  return createRegistries({
    store: createSnapshotReads(dynamodb),
    clock,
    announceEpoch: (ctx, epoch) => announceEpoch(cache, ctx, epoch),
    onStale: ({ tenantName }, err) => {
      logger.warn({ err, tenant: tenantName }, 'the registry could not be read again: what was read before serves');
    },
  });
}

/** The registries and how a change of them becomes known. */
export interface RegistryCore extends Publishing {
  readonly registries: Registries;
}

export function composeRegistries(parts: RegistryParts<DynamoDb>): RegistryCore {
  const registries = openRegistries(parts);
  return { registries, ...composePublishing({ ...parts, registries }) };
}

interface Publishing {
  readonly store: SnapshotStore;
  readonly publish: (ctx: TenantContext, snapshot: RegistrySnapshot) => Promise<void>;
}

/** How a change of a registry becomes known: to this process, to those that start, and to all others. */
export function composePublishing(parts: {
  readonly registries: Registries;
  readonly dynamodb: DynamoDb;
  readonly cache: OnlineCache;
}): Publishing {
  const { registries, dynamodb, cache } = parts;
  const store = createSnapshotStore(dynamodb);
  return {
    store,
    publish: async (ctx, snapshot) => {
      registries.install(ctx, snapshot);
      await store.publish(ctx.tenantId, snapshot);
      await announceEpoch(cache, ctx, snapshot.epoch);
    },
  };
}

async function announceEpoch(cache: OnlineCache, { tenantId }: TenantContext, epoch: number): Promise<void> {
  try {
    await cache.publishEpoch(tenantId, epoch);
  } catch (error) {
    // Whoever reads while the cache is away looks into the snapshot store each second, and announces what it finds.
    if (!(error instanceof UnavailableError)) throw error;
  }
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
