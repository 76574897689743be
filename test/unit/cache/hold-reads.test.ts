import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createMemoryCache,
  type EntityRead,
  encodeAbsence,
  holdReads,
  type OnlineCache,
} from '../../../shared/cache/index.ts';
import { createSystemClock } from '../../../shared/platform/clock.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';

const holdMillis = 10;
const entityOf = (entityId: string) => ({ tenantId: 't_a', entityType: 'user', entityId });
const readOf = (entityId: string, ...fields: string[]): EntityRead => ({
  ...entityOf(entityId),
  fields: fields.length === 0 ? ['view'] : fields,
  mayBeHeld: true,
});
const rowOf = (version: number): string => JSON.stringify([version, 0, 1]);

/** The cache in memory as another process reaches it, and as this one does: counted, by clocks that the test sets. */
function openHeld(maxCharacters = 1_000_000) {
  const theirs = createMemoryCache({ clock: createSystemClock(), ttlSeconds: 3600, generation: 1 });
  const asked: string[][] = [];
  const clocks = { steadyMillis: 1000, wallMillis: 5_000_000 };
  let isAway = false;
  const counted: OnlineCache = {
    ...theirs,
    read: async (reads, along) => {
      asked.push(reads.map(({ entityId }) => entityId));
      if (isAway) throw new UnavailableError('cache', new Error('gone'));
      return theirs.read(reads, along);
    },
    writeNewest: async (entries) => {
      if (isAway) throw new UnavailableError('cache', new Error('gone'));
      return theirs.writeNewest(entries);
    },
  };
  const ours = holdReads(counted, { holdMillis, maxCharacters, now: () => ({ ...clocks }) });
  return {
    ours,
    theirs,
    asked,
    clocks,
    pass: (millis: number) => {
      clocks.steadyMillis += millis;
      clocks.wallMillis += millis;
    },
    goAway: () => {
      isAway = true;
    },
    write: (cache: OnlineCache, entityId: string, version: number) =>
      cache.writeNewest([{ ...entityOf(entityId), field: 'view', stored: rowOf(version) }]),
    read: async (...reads: EntityRead[]) => (await ours.read(reads, [])).reads,
  };
}

test('a row is answered by what was read of it before, until the time has passed since that was asked', async () => {
  const { theirs, asked, pass, write, read } = openHeld();
  await write(theirs, 'one', 1);
  expect(await read(readOf('one'))).toEqual([[rowOf(1)]]);
  await write(theirs, 'one', 2);
  pass(holdMillis - 1);
  expect(await read(readOf('one'))).toEqual([[rowOf(1)]]);
  expect(asked).toEqual([['one']]);
  pass(1);
  expect(await read(readOf('one'))).toEqual([[rowOf(2)]]);
  expect(asked).toEqual([['one'], ['one']]);
});

test.each(['steadyMillis', 'wallMillis'] as const)('%s alone ends what is held', async (clock) => {
  const { theirs, clocks, asked, write, read } = openHeld();
  await write(theirs, 'one', 1);
  await read(readOf('one'));
  clocks[clock] += holdMillis;
  await read(readOf('one'));
  expect(asked).toHaveLength(2);
});

test('of many entities those are asked for that are not held, and all are answered in their order', async () => {
  const { theirs, asked, write, read } = openHeld();
  for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) await write(theirs, id, index);
  await read(readOf('b'), readOf('d'));
  const reads = ['a', 'b', 'nobody', 'c', 'd'].map((id) => readOf(id));
  expect(await read(...reads)).toEqual([[rowOf(0)], [rowOf(1)], [null], [rowOf(2)], [rowOf(3)]]);
  expect(asked.at(-1)).toEqual(['a', 'nobody', 'c']);
});

test('an entity is asked for where one of the fields is not held', async () => {
  const { ours, asked, read } = openHeld();
  const stored = ['a', 'b', 'c'].map((field, index) => ({ ...entityOf('one'), field, stored: rowOf(index) }));
  await ours.writeNewest(stored);
  await read(readOf('one', 'a', 'b'));
  expect(await read(readOf('one', 'b', 'a'))).toEqual([[rowOf(1), rowOf(0)]]);
  expect(asked).toHaveLength(1);
  expect(await read(readOf('one', 'a', 'c'))).toEqual([[rowOf(0), rowOf(2)]]);
  expect(asked).toHaveLength(2);
});

test('a read that does not say that it may be held is always asked, and nothing of it is held', async () => {
  const { theirs, asked, write, read } = openHeld();
  const together = { ...entityOf('one'), fields: ['view'] };
  await write(theirs, 'one', 1);
  await read(together);
  await read(readOf('one'));
  await write(theirs, 'one', 2);
  expect(await read(together)).toEqual([[rowOf(2)]]);
  expect(await read(together, readOf('one'))).toEqual([[rowOf(2)], [rowOf(1)]]);
  expect(asked).toEqual([['one'], ['one'], ['one'], ['one']]);
});

test('what was not there is asked for again, and a mark of absence is held', async () => {
  const { theirs, asked, read } = openHeld();
  await read(readOf('one'));
  expect(await read(readOf('one'))).toEqual([[null]]);
  expect(asked).toHaveLength(2);
  const stored = encodeAbsence(1_000_000);
  await theirs.writeNewest([{ ...entityOf('one'), field: 'view', stored }]);
  await read(readOf('one'));
  expect(await read(readOf('one'))).toEqual([[stored]]);
  expect(asked).toHaveLength(3);
});

test('what is written or invalidated here is not held any more, of other entities it is', async () => {
  const { ours, asked, write, read } = openHeld();
  await write(ours, 'one', 1);
  await write(ours, 'two', 1);
  await read(readOf('one'), readOf('two'));
  await write(ours, 'one', 2);
  expect(await read(readOf('one'), readOf('two'))).toEqual([[rowOf(2)], [rowOf(1)]]);
  expect(asked.at(-1)).toEqual(['one']);
  await ours.invalidate('t_a', 'user', 'one');
  expect(await read(readOf('one'), readOf('two'))).toEqual([[null], [rowOf(1)]]);
});

test('a write that failed may have been done, so it drops what is held too', async () => {
  const { ours, asked, goAway, write, read } = openHeld();
  await write(ours, 'one', 1);
  await read(readOf('one'));
  goAway();
  await expect(write(ours, 'one', 2)).rejects.toThrow(UnavailableError);
  await expect(read(readOf('one'))).rejects.toThrow(UnavailableError);
  expect(asked).toHaveLength(2);
});

test('what travels along is sent with what is asked for, and by itself beside what is held', async () => {
  const { ours, asked, write } = openHeld();
  await write(ours, 'one', 1);
  const epoch = { kind: 'epoch', tenantId: 't_a' } as const;
  for (const known of [3, 4]) {
    await ours.publishEpoch('t_a', known);
    expect(await ours.read([readOf('one')], [epoch])).toEqual({ reads: [[rowOf(1)]], along: [known] });
  }
  expect(asked).toEqual([['one'], []]);
});

test('while the cache is away what is held is answered, without what travels along', async () => {
  const { ours, goAway, write } = openHeld();
  await write(ours, 'one', 1);
  await ours.read([readOf('one')], []);
  goAway();
  const epoch = { kind: 'epoch', tenantId: 't_a' } as const;
  expect(await ours.read([readOf('one')], [epoch])).toEqual({ reads: [[rowOf(1)]], along: [null] });
  await expect(ours.read([readOf('one'), readOf('two')], [])).rejects.toThrow(UnavailableError);
});

test('what is held has a bound, and a text that is too large for it is not held', async () => {
  const { ours, asked, write, read } = openHeld(20_000);
  const ids = Array.from({ length: 1000 }, (_, index) => `user_${index}`);
  for (const id of ids) await write(ours, id, 1);
  for (const id of ids) await read(readOf(id));
  asked.length = 0;
  for (const id of ids.toReversed()) await read(readOf(id));
  // Of 20,000 characters some 420 each: 23 in one generation, and up to as many in the other.
  expect(1000 - asked.length).toBeGreaterThanOrEqual(23);
  expect(1000 - asked.length).toBeLessThanOrEqual(46);

  await ours.writeNewest([{ ...entityOf('large'), field: 'view', stored: `[1,0,1,"${'x'.repeat(10_000)}"]` }]);
  await read(readOf('large'));
  asked.length = 0;
  await read(readOf('large'));
  expect(asked).toEqual([['large']]);
});

/** A step of a random run. Reads and writes take their time: what they find or change, and when that is heard of, are steps of their own. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ask' as const), id: fc.constantFrom('a', 'b') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('hear' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('theirs' as const), id: fc.constantFrom('a', 'b') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ours' as const), id: fc.constantFrom('a', 'b') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), millis: fc.nat(holdMillis) }) },
);

test('whatever happens at the same time, an answer is no older than the bound and than what was written here before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
      let millis = 0;
      /** By entity the time of each version; a version is its place. */
      const versions: Record<string, number[]> = { a: [0], b: [0] };
      /** By entity the newest version whose write here is done. */
      const acknowledged: Record<string, number> = { a: 0, b: 0 };
      const atCache: (() => void)[] = [];
      const onTheWay: (() => void)[] = [];
      const newest = (id: string): number => (versions[id]?.length ?? 0) - 1;
      /** Lets the work be done by one step and heard of by another. */
      const travel = async <T>(work: () => T): Promise<T> => {
        const done = await new Promise<T>((resolve) => atCache.push(() => resolve(work())));
        await new Promise<void>((resolve) => onTheWay.push(resolve));
        return done;
      };
      const change = (id: string): number => (versions[id]?.push(millis) ?? 0) - 1;
      const remote: OnlineCache = {
        ...createMemoryCache({ clock: createSystemClock(), ttlSeconds: 60, generation: 1 }),
        read: (reads) => travel(() => ({ reads: reads.map(({ entityId }) => [rowOf(newest(entityId))]), along: [] })),
        writeNewest: (entries) =>
          travel(() => {
            for (const { entityId } of entries) change(entityId);
          }),
      };
      const ours = holdReads(remote, { holdMillis, now: () => ({ steadyMillis: millis, wallMillis: millis }) });
      const reading: Promise<void>[] = [];
      const ask = async (id: string): Promise<void> => {
        const begun = millis;
        const written = acknowledged[id] ?? 0;
        const current = versions[id]?.findLastIndex((time) => time <= begun - holdMillis) ?? 0;
        const { reads } = await ours.read([readOf(id)], []);
        const [version]: number[] = JSON.parse(reads[0]?.[0] ?? '[]');
        expect(version).toBeGreaterThanOrEqual(Math.max(written, current));
        expect(version).toBeLessThanOrEqual(newest(id));
      };
      const write = async (id: string): Promise<void> => {
        const before = newest(id);
        await ours.writeNewest([{ ...entityOf(id), field: 'view', stored: rowOf(before) }]);
        // Its own version, or a later one: at least what stood there before it, and one more.
        acknowledged[id] = Math.max(acknowledged[id] ?? 0, before + 1);
      };
      const take = (waiting: (() => void)[], which: number): void => waiting.splice(which % waiting.length, 1)[0]?.();
      for (const each of steps) {
        if (each.kind === 'ask') reading.push(ask(each.id));
        else if (each.kind === 'ours') reading.push(write(each.id));
        else if (each.kind === 'theirs') change(each.id);
        else if (each.kind === 'pass') millis += each.millis;
        else if (each.kind === 'answer') take(atCache, each.which);
        else take(onTheWay, each.which);
        await setImmediate();
      }
      while (atCache.length + onTheWay.length > 0) {
        take(atCache, 0);
        take(onTheWay, 0);
        await setImmediate();
      }
      await Promise.all(reading);
    }),
    { numRuns: 300 },
  );
});
