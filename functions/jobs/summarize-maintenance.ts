import type { MaintenanceReport } from '../../shared/maintenance/index.ts';
import type { Logger } from '../../shared/platform/logger.ts';

export type MaintenanceSummary = Omit<MaintenanceReport, 'failures'>;

/** Logs what a run did, and throws what failed in it. */
export function summarize(logger: Logger, { failures, ...summary }: MaintenanceReport): MaintenanceSummary {
  for (const { error, tenant, table } of failures) logger.error({ err: error, tenant, table }, 'maintenance failed');
  logger.info(summary, 'maintained');
  if (failures.length > 0) {
    throw new AggregateError(
      failures.map(({ error }) => error),
      `maintenance failed at ${failures.length} of ${summary.tables} tables`,
    );
  }
  return summary;
}
