import autocannon from 'autocannon';
import { ExplainedError } from './explained-error.ts';

export interface LoadOptions {
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn, by each connection from the first on; or what makes the next one, whichever connection sends it. */
  readonly bodies: readonly string[] | (() => string);
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly rps: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/** Keeps `connections` requests in flight. Throws when any answer is not 200: a wrong answer has no speed. */
export async function runLoad({ url, path, headers, bodies, connections, seconds }: LoadOptions): Promise<LoadResult> {
  const request = { method: 'POST' as const, path, headers: { ...headers, 'content-type': 'application/json' } };
  const requests =
    typeof bodies === 'function'
      ? [{ ...request, setupRequest: (given: autocannon.Request) => ({ ...given, body: bodies() }) }]
      : bodies.map((body) => ({ ...request, body }));
  const result = await autocannon({ url, connections, duration: seconds, requests });
  if (result.non2xx > 0 || result.errors > 0)
    throw new ExplainedError(`${result.non2xx} answers were no 2xx, ${result.errors} requests failed`);
  return { rps: result.requests.total / result.duration, p50Millis: result.latency.p50, p99Millis: result.latency.p99 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
