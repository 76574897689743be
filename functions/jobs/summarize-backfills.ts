import type { BackfillReport } from '../../shared/backfill/index.ts';
import type { Logger } from '../../shared/platform/logger.ts';

export type BackfillSummary = Omit<BackfillReport, 'failures'>;

/** Logs what a run did, and throws what failed in it. */
export function summarizeBackfills(logger: Logger, { failures, ...summary }: BackfillReport): BackfillSummary {
  for (const { error, tenant, table } of failures) logger.error({ err: error, tenant, table }, 'a backfill failed');
  logger.info(summary, 'backfilled');
  if (failures.length > 0) {
    throw new AggregateError(
      failures.map(({ error }) => error),
      `${failures.length} backfills failed`,
    );
  }
  return summary;
}
