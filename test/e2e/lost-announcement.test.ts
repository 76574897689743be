import { expect, test } from 'vitest';
import { composeCache, composeRegistries } from '../../functions/composition/core.ts';
import { epochOf } from '../../shared/cache/index.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import { ensureTables } from '../../shared/platform/dynamodb-tables.ts';
import { readEnvironment } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { createDynamoDb } from '../../shared/platform/sdk-dynamodb.ts';
import { startDynalite } from '../support/dynalite.ts';
import { startRedis } from '../support/redis.ts';

test('a change that a dead process could not announce is seen within a minute, though the cache tells the epoch before', async () => {
  const [redis, dynalite] = await Promise.all([startRedis(), startDynalite()]);
  const environment = readEnvironment({ CACHE_TIMEOUT_MS: '1000' });
  const dynamodb = createDynamoDb({ region: 'us-east-1', endpoint: dynalite.url, tablePrefix: 'feature-store-' });
  const logger = createLogger({ level: 'silent', buffered: false });
  const openCache = () => composeCache({ ...environment, REDIS_URL: redis.url }, logger);
  const caches = [openCache(), openCache()] as const;
  try {
    await ensureTables(dynamodb);
    const ctx = { tenantId: 't_abcdefghijkl', tenantName: 'tenant' };
    let nowMicros = 1_800_000_000_000_000;
    const clock: Clock = { nowMicros: () => nowMicros, arrivalMicros: () => nowMicros };
    const doomed = composeRegistries({ dynamodb, cache: caches[0], clock, logger });
    const other = composeRegistries({ dynamodb, cache: caches[1], clock, logger });
    const epochSeen = async (): Promise<number> => {
      const { along } = await caches[1].read([], [{ kind: 'epoch', tenantId: ctx.tenantId }]);
      return (await other.registries.noteEpoch(ctx, epochOf(along[0]))).snapshot.epoch;
    };

    await doomed.publish(ctx, { epoch: 1, views: [], services: [], sources: [] });
    expect(await epochSeen()).toBe(1);
    await caches[0].close();
    await doomed.publish(ctx, { epoch: 2, views: [], services: [], sources: [] });
    nowMicros += 2_000_000;
    expect(await epochSeen()).toBe(1);
    nowMicros += 60_000_000;
    expect(await epochSeen()).toBe(2);
    // And whoever sees it announces it to everybody else.
    const { along } = await caches[1].read([], [{ kind: 'epoch', tenantId: ctx.tenantId }]);
    expect(along).toEqual([2]);
  } finally {
    await Promise.all(caches.map((cache) => cache.close()));
    dynamodb.client.destroy();
    await Promise.all([redis.stop(), dynalite.stop()]);
  }
});
