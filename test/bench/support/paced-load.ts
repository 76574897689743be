import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LoadOptions } from './load.ts';

export interface PacedLoadOptions extends LoadOptions {
  readonly bodies: readonly string[];
  /** Requests a second, whatever the answers take. */
  readonly perSecond: number;
}

export interface Latencies {
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/**
 * Sends requests at a steady rate, some each millisecond, and answers how long each took from the moment that it was due: a
 * request that waits for a connection waits as a user would. In a thread of its own, whose small heap is collected in a
 * millisecond: collecting a benchmark's takes 5 to 30, which would be taken for the server's. Throws when any answer is not 200.
 */
export async function runPacedLoad(options: PacedLoadOptions): Promise<Latencies> {
  const worker = new Worker(new URL('paced-load-worker.ts', import.meta.url), { workerData: options });
  const [latencies] = await once(worker, 'message');
  await worker.terminate();
  return latencies as Latencies;
}
