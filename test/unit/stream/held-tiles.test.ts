import { expect, test } from 'vitest';
import { createHeldTiles, type HeldTiles } from '../../../shared/stream/held-tiles.ts';
import { setClock } from '../platform/set-clock.ts';

const ctx = { tenantId: 't_one', tenantName: 'one' };
const key = (entityId: string) => ({ entityId, hourMicros: 0 });
const tile = (revision: number) => ({ tile: { startMicros: 0, groups: [] }, newestMicros: 0, revision });
const minute = 60;

function hold(most = 100) {
  const clock = setClock();
  const held = createHeldTiles(most, clock);
  return {
    clock,
    held,
    put: (entityId: string, revision = 1) => held.put(ctx, 'spend_v1', key(entityId), tile(revision)),
  };
}

const take = (held: HeldTiles, entityId: string) => held.take(ctx, 'spend_v1', key(entityId))?.revision;

test('a tile that is taken is gone until it is put back', () => {
  const { held, put } = hold();
  put('u1', 7);
  expect([take(held, 'u1'), take(held, 'u1'), take(held, 'u2')]).toEqual([7, undefined, undefined]);
  put('u1', 8);
  expect(take(held, 'u1')).toBe(8);
  expect(held.take({ ...ctx, tenantId: 't_two' }, 'spend_v1', key('u1'))).toBeUndefined();
});

test('tiles that were not used for long make room, those that were stay', () => {
  const { held, put } = hold(4);
  for (const entityId of ['a', 'b', 'c']) put(entityId);
  expect(take(held, 'a')).toBe(1);
  put('a', 2);
  put('d');
  expect(['a', 'b', 'c', 'd'].map((entityId) => take(held, entityId))).toEqual([2, undefined, 1, 1]);
});

test.each([10, 31, 59])('no tile is held for longer than an hour, with takes %d minutes apart', (apart) => {
  const { clock, held, put } = hold();
  put('u1');
  for (let minutes = 0; minutes < 61; minutes += apart) {
    take(held, 'u2');
    clock.passSeconds(apart * minute);
    if (minutes + apart >= 61) expect(take(held, 'u1')).toBeUndefined();
  }
});

test('a tile is held for half an hour at least, where there is room', () => {
  const { clock, held, put } = hold();
  clock.passSeconds(29 * minute);
  put('u1');
  clock.passSeconds(30 * minute);
  expect(take(held, 'u1')).toBe(1);
});

test('a process that stood still holds nothing from before', () => {
  const { clock, held, put } = hold();
  put('u1');
  clock.passSeconds(600 * minute);
  expect(take(held, 'u1')).toBeUndefined();
});
