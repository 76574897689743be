import { onlineRoutes } from '../../shared/contract/online.ts';
import type { ReadOnline } from '../../shared/online/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { parseJson, readBody } from '../http/parse-request.ts';
import { createOnlineParser } from './parse-online.ts';

/** The hot read path. */
export function mountOnline(app: FunctionApp, { readOnline }: { readonly readOnline: ReadOnline }): void {
  const parseOnline = createOnlineParser();
  app.tenantRoute(
    onlineRoutes.readOnline,
    async ({ c, ctx, log, limited }) => {
      const request = parseOnline(parseJson(await readBody(c)));
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
