import { setTimeout as sleep } from 'node:timers/promises';
import type { OutageReport } from './outage-report.ts';
import { type ReadOptions, readAsMember } from './read-as-member.ts';

export interface ConsumeOptions extends ReadOptions {
  readonly report: OutageReport;
  /** Has to pass before anything is read. */
  readonly prepare: () => Promise<void>;
}

/** Milliseconds before another attempt to read: twice as long each time. */
const firstPauseMillis = 100;
const longestPauseMillis = 1000;

/** Failures in a row of which nothing is said: a broker that has just started refuses a group, and a topic, for half a second. */
const quietFailures = 3;

/**
 * Reads a topic as Lambda's event source mapping does, until it is stopped. A broker that is away, at first or later, is a line
 * of the log and tried again. Answers how to stop: the batch under way is handled and committed, and the group left.
 */
export function consumeTopic(options: ConsumeOptions): () => Promise<void> {
  const stopping = new AbortController();
  const running = consume(options, stopping.signal);
  return async () => {
    stopping.abort();
    await running;
  };
}

async function consume(options: ConsumeOptions, signal: AbortSignal): Promise<void> {
  const { report, topic } = options;
  let failures = 0;
  const onRead = (): void => {
    if (failures > quietFailures) report.readAgain(topic);
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      await options.prepare();
      await readAsMember({ ...options, onRead }, signal);
    } catch (error) {
      failures += 1;
      if (failures > quietFailures) report.failed(topic, error);
      const pause = Math.min(longestPauseMillis, firstPauseMillis * 2 ** (failures - 1));
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }
}
