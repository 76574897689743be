import type { TenantContext } from './context.ts';

/**
 * What the code reports of itself. Prometheus text where a process lives on (prometheus.ts), CloudWatch's embedded
 * metric format in Lambda (embedded-metrics.ts). Durations in seconds.
 */
export interface Telemetry {
  requestDone(route: string, status: number, seconds: number): void;
  /** A request was refused for a limit, of its key or of its tenant. */
  rateLimited(limit: 'key' | 'tenant'): void;
  cacheRead(hits: number, misses: number): void;
  queryDone(statement: string, seconds: number): void;
  /** The greatest event time among the rows of a view, of whichever version, that an answer was made from. On the hot path. */
  dataSeen(ctx: TenantContext, view: string, newestEventMicros: number): void;
  /** What Postgres has of a view's newest version: by the maintenance job, once a run for each view. */
  viewMeasured(ctx: TenantContext, measured: MeasuredView): void;
  /** Events of a batch that had been stored before, or came twice in it. */
  duplicatesDropped(count: number): void;
  /** A batch of stream records was handled, whatever became of it. */
  batchDone(batch: HandledBatch): void;
}

export interface HandledBatch {
  readonly seconds: number;
  /** Events and rows that count now, or did before. */
  readonly accepted: number;
  /** Records that are among the dead letters, whole or in part. */
  readonly deadLetters: number;
  /** Records that are to come again. */
  readonly failed: number;
}

export interface MeasuredView {
  readonly view: string;
  /** Greatest event time of a row, in microseconds; null where the view was never written. */
  readonly newestEventMicros: number | null;
  /** Null where data may be of any age. */
  readonly maxStalenessSeconds: number | null;
}

export const silentTelemetry: Telemetry = {
  requestDone: () => {},
  rateLimited: () => {},
  cacheRead: () => {},
  queryDone: () => {},
  dataSeen: () => {},
  viewMeasured: () => {},
  duplicatesDropped: () => {},
  batchDone: () => {},
};
