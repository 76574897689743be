import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CacheAnswer, guardCache, type OnlineCache } from '../../../shared/cache/index.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';

const nothing: CacheAnswer = { reads: [], along: [] };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A cache whose answers the test decides. */
function fakeCache() {
  const read = vi.fn<OnlineCache['read']>(async () => nothing);
  const ping = vi.fn<OnlineCache['ping']>(async () => {});
  const done = async (): Promise<void> => {};
  const cache: OnlineCache = {
    read,
    ping,
    writeNewest: done,
    invalidate: async () => true,
    publishEpoch: done,
    close: done,
  };
  return { cache, read, ping };
}

async function failTimes(guarded: OnlineCache, times: number): Promise<void> {
  for (let failed = 0; failed < times; failed += 1) await expect(guarded.read([], [])).rejects.toThrow('gone');
}

test('answers pass, and failures as they are', async () => {
  const { cache, read } = fakeCache();
  const guarded = guardCache(cache);
  expect(await guarded.read([], [])).toBe(nothing);
  read.mockRejectedValueOnce(new Error('gone'));
  await failTimes(guarded, 1);
});

test('after five failures in a row the cache is not asked any more', async () => {
  const { cache, read } = fakeCache();
  const changes: boolean[] = [];
  const guarded = guardCache(cache, { onChange: (isOpen) => changes.push(isOpen) });
  read.mockRejectedValue(new Error('gone'));
  await failTimes(guarded, 4);
  read.mockResolvedValueOnce(nothing);
  await guarded.read([], []);
  await failTimes(guarded, 5);
  expect(changes).toEqual([true]);

  read.mockClear();
  await expect(guarded.read([], [])).rejects.toBeInstanceOf(UnavailableError);
  await expect(guarded.writeNewest([])).rejects.toMatchObject({ dependency: 'cache' });
  expect(read).not.toHaveBeenCalled();
});

test('after 250 ms a ping tries it, for which no request waits, and then it is used again', async () => {
  const { cache, read, ping } = fakeCache();
  const changes: boolean[] = [];
  const guarded = guardCache(cache, { onChange: (isOpen) => changes.push(isOpen) });
  read.mockRejectedValue(new Error('gone'));
  await failTimes(guarded, 5);
  read.mockResolvedValue(nothing);

  vi.advanceTimersByTime(249);
  await expect(guarded.read([], [])).rejects.toBeInstanceOf(UnavailableError);
  expect(ping).not.toHaveBeenCalled();

  const answer = Promise.withResolvers<void>();
  ping.mockReturnValueOnce(answer.promise);
  vi.advanceTimersByTime(1);
  for (let request = 0; request < 3; request += 1) {
    await expect(guarded.read([], [])).rejects.toBeInstanceOf(UnavailableError);
  }
  expect(ping).toHaveBeenCalledTimes(1);

  answer.resolve();
  await vi.waitFor(async () => expect(await guarded.read([], [])).toBe(nothing));
  expect(changes).toEqual([true, false]);
});

test('while the ping fails it stays given up', async () => {
  const { cache, read, ping } = fakeCache();
  const guarded = guardCache(cache);
  read.mockRejectedValue(new Error('gone'));
  await failTimes(guarded, 5);
  read.mockClear();

  ping.mockRejectedValue(new Error('still gone'));
  for (let round = 1; round <= 3; round += 1) {
    vi.advanceTimersByTime(250);
    await expect(guarded.read([], [])).rejects.toBeInstanceOf(UnavailableError);
    await vi.waitFor(() => expect(ping).toHaveBeenCalledTimes(round));
  }
  expect(read).not.toHaveBeenCalled();
});

test('a ping goes past the breaker', async () => {
  const { cache, read, ping } = fakeCache();
  const guarded = guardCache(cache);
  read.mockRejectedValue(new Error('gone'));
  await failTimes(guarded, 5);
  await guarded.ping();
  expect(ping).toHaveBeenCalledTimes(1);
});
