/**
 * What the code reports of itself. Prometheus text where a process lives on (prometheus.ts), CloudWatch's embedded
 * metric format in Lambda (embedded-metrics.ts). Durations in seconds.
 */
export interface Telemetry {
  requestDone(route: string, status: number, seconds: number): void;
  cacheRead(hits: number, misses: number): void;
  queryDone(statement: string, seconds: number): void;
  /** Age of the data of a view as an answer gave it. */
  freshness(view: string, ageSeconds: number): void;
}

export const silentTelemetry: Telemetry = {
  requestDone: () => {},
  cacheRead: () => {},
  queryDone: () => {},
  freshness: () => {},
};
