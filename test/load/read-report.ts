import * as z from 'zod';

/** What artillery saw of one script. */
export interface Report {
  readonly hasPassed: boolean;
  /** Who did all they were to do. */
  readonly users: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Of requests, those that were not answered with 200. */
  readonly errorRate: number;
  /** How often what failed a request, such as ECONNRESET. */
  readonly failures: Readonly<Record<string, number>>;
  readonly p50Millis: number;
  readonly p99Millis: number;
  /** Undefined where the server does not show its metrics. */
  readonly hitRate: number | undefined;
}

const summary = z.object({ median: z.number(), p99: z.number() });
const file = z.object({
  aggregate: z.object({
    counters: z.record(z.string(), z.number()),
    summaries: z.record(z.string(), summary),
    firstCounterAt: z.number(),
    lastCounterAt: z.number(),
  }),
});

/** Of artillery's counters of requests without an answer. */
const failurePrefix = 'errors.';

export function readReport(text: string): Omit<Report, 'hasPassed'> {
  const { counters, summaries, firstCounterAt, lastCounterAt } = file.parse(JSON.parse(text)).aggregate;
  const requests = counters['http.requests'] ?? 0;
  const times = summaries['http.response_time'];
  const [hits, misses] = [counters['cache.hits'], counters['cache.misses']];
  return {
    users: counters['vusers.completed'] ?? 0,
    requests,
    requestsPerSecond: (requests * 1000) / (lastCounterAt - firstCounterAt),
    errorRate: 1 - (counters['http.codes.200'] ?? 0) / requests,
    failures: Object.fromEntries(
      Object.entries(counters).flatMap(([name, count]) =>
        name.startsWith(failurePrefix) ? [[name.slice(failurePrefix.length), count]] : [],
      ),
    ),
    p50Millis: times?.median ?? Number.NaN,
    p99Millis: times?.p99 ?? Number.NaN,
    hitRate: hits === undefined || misses === undefined ? undefined : hits / (hits + misses),
  };
}
