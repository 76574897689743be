import { statisticsRoutes } from '../../shared/contract/statistics.ts';
import type { ReadStatistics } from '../../shared/statistics/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { ok } from '../http/http-answer.ts';
import { parseWith, readParams, readQuery } from '../http/parse-request.ts';

export function mountStatistics(app: FunctionApp, readStatistics: ReadStatistics): void {
  const route = statisticsRoutes.readStatistics;
  app.tenantRoute(route, async ({ c, ctx }) => {
    const { name } = parseWith(route.params, readParams(c), 'path');
    return ok(await readStatistics(ctx, name, parseWith(route.query, readQuery(c), 'query')));
  });
}
