import { setTimeout as delay } from 'node:timers/promises';
import { readCacheCounts } from '../bench/support/cache-counts.ts';

const pauseMillis = 1000;

/**
 * Emits what the server's cache had, had not and was to drop since the last time, and how often misses asked Postgres. By `/metrics`, at
 * most once a second however many ask: who asks in between waits for the next time. Nothing where `/metrics` is not shown. Each worker
 * of artillery reports all of it, so checks are of quotients.
 */
export function createCacheReport(url: string, emit: (name: string, value: number) => void): () => Promise<void> {
  let before = readCacheCounts(url);
  let next: Promise<void> | undefined;
  const report = async (): Promise<void> => {
    await delay(pauseMillis);
    next = undefined;
    const last = await before;
    before = readCacheCounts(url);
    const now = await before;
    if (last === undefined || now === undefined) return;
    emit('cache.hits', now.hits - last.hits);
    emit('cache.misses', now.misses - last.misses);
    emit('cache.drops', now.drops - last.drops);
    emit('postgres.reads', now.queries - last.queries);
  };
  return () => {
    next ??= report();
    return next;
  };
}
