import type { LoadOptions } from './options.ts';

/** What is otherwise than the scripts say. Lists replace theirs. */
export function overridesFor({ p99Millis, isShort }: LoadOptions, showsMetrics: boolean): object {
  const isKnown = showsMetrics && !isShort;
  return {
    config: {
      ...(isShort ? { phases: [{ duration: 1, arrivalCount: 10 }], variables: { think: '10ms' } } : {}),
      ensure: {
        ...(p99Millis === undefined ? {} : { thresholds: [{ 'http.response_time.p99': p99Millis }] }),
        // The others are of the cache and of what misses ask of Postgres, which metrics tell, or of a thousand users.
        ...(isKnown ? {} : { conditions: [{ expression: 'http.codes.200 / http.requests > 0.999' }] }),
      },
    },
  };
}
