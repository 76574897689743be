import { expect, test } from 'vitest';
import { createMemoryCache } from '../../../shared/cache/index.ts';
import type { Clock } from '../../../shared/platform/clock.ts';

const entity = { tenantId: 't_memory', entityType: 'user', entityId: 'one' };

function manualClock(): Clock & { advanceSeconds(seconds: number): void } {
  let now = 1_700_000_000_000_000;
  return {
    nowMicros: () => now,
    arrivalMicros: () => now,
    advanceSeconds: (seconds) => {
      now += seconds * 1_000_000;
    },
  };
}

test('an entity is forgotten when it was not written for its time to live', async () => {
  const clock = manualClock();
  const cache = createMemoryCache({ clock, ttlSeconds: 60, generation: 1 });
  const stored = '[5,6,1,"a"]';
  await cache.writeNewest([{ ...entity, field: 'view', stored }]);
  clock.advanceSeconds(59);
  // Nothing newer, but the entity was written.
  await cache.writeNewest([{ ...entity, field: 'view', stored: '[4,6,1,"a"]' }]);
  clock.advanceSeconds(59);
  expect((await cache.read([{ ...entity, fields: ['view'] }], [])).reads).toEqual([[stored]]);
  clock.advanceSeconds(1);
  expect((await cache.read([{ ...entity, fields: ['view'] }], [])).reads).toEqual([[null]]);
  expect(await cache.invalidate(entity.tenantId, entity.entityType, entity.entityId)).toBe(false);
});

test('beyond its bound it forgets the entity that was written longest ago', async () => {
  const cache = createMemoryCache({ clock: manualClock(), ttlSeconds: 60, generation: 1, maxEntities: 2 });
  const write = (entityId: string): Promise<void> =>
    cache.writeNewest([{ ...entity, entityId, field: 'view', stored: '[5,6,1]' }]);
  for (const entityId of ['one', 'two', 'one', 'three']) await write(entityId);
  const reads = ['one', 'two', 'three'].map((entityId) => ({ ...entity, entityId, fields: ['view'] }));
  expect((await cache.read(reads, [])).reads).toEqual([['[5,6,1]'], [null], ['[5,6,1]']]);
});
