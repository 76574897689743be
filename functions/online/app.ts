import { onlineRequestSchema, onlineRoutes } from '../../shared/contract/online.ts';
import type { ReadOnline } from '../../shared/online/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { parseJson, parseWith, readBody } from '../http/parse-request.ts';

/** The hot read path. */
export function mountOnline(app: FunctionApp, { readOnline }: { readonly readOnline: ReadOnline }): void {
  app.tenantRoute(
    onlineRoutes.readOnline,
    async ({ c, ctx, log, limited }) => {
      const request = parseWith(onlineRequestSchema, parseJson(await readBody(c)), '');
      const answer = await readOnline(ctx, request, limited);
      log.entity_count = answer.entities;
      log.feature_count = answer.features;
      log.cache_hits = answer.hits;
      log.cache_misses = answer.misses;
      return { status: 200, text: answer.text };
    },
    { countsItself: true },
  );
}
