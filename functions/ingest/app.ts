import { createHash } from 'node:crypto';
import { FeatureStoreError } from '../../shared/contract/errors.ts';
import { ingestRequestSchema, ingestRoutes } from '../../shared/contract/ingest.ts';
import { ingestLimits } from '../../shared/contract/limits.ts';
import type { IngestRows } from '../../shared/ingestion/index.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { ok } from '../http/http-answer.ts';
import { parseJson, parseWith, readBody, readQuery } from '../http/parse-request.ts';
import { parseNdjson } from './parse-ndjson.ts';

export interface IngestAppDependencies {
  readonly ingestRows: IngestRows;
  /** The arrival time of the first request with this key; throws idempotency_key_reused. */
  readonly claimArrival: (ctx: TenantContext, claim: { key: string; fingerprint: string }) => Promise<number>;
}

/** Rows over HTTPS. */
export function mountIngest(app: FunctionApp, { ingestRows, claimArrival }: IngestAppDependencies): void {
  const { ingestRows: route } = ingestRoutes;
  app.tenantRoute(route, async ({ c, ctx, log }) => {
    const query = parseWith(route.query, readQuery(c), 'query');
    const { 'idempotency-key': key } = parseWith(
      route.headers,
      { 'idempotency-key': c.req.header('idempotency-key') },
      'header',
    );
    const body = await readBody(c, ingestLimits.bytes);
    const { view, rows } = parseRows(mediaType(c.req.header('content-type')), body, query.view);
    log.view = view;
    log.entity_count = rows.length;
    const arrivalMicros =
      key === undefined ? undefined : await claimArrival(ctx, { key, fingerprint: fingerprintOf(view, body) });
    const { accepted, rejected, isProjected } = await ingestRows(ctx, { view, rows, arrivalMicros });
    log.accepted = accepted;
    log.projected = isProjected ? 1 : 0;
    return ok({ accepted, rejected });
  });
}

function parseRows(type: string, body: string, view: string | undefined): { view: string; rows: readonly unknown[] } {
  if (type === 'application/x-ndjson') {
    if (view === undefined) throw new FeatureStoreError('invalid_request', 'query.view: NDJSON needs ?view=');
    return { view, rows: parseNdjson(body) };
  }
  // A body without a type is taken for JSON, as on every other route.
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json')) {
    throw new FeatureStoreError('unsupported_media_type', 'send application/json or application/x-ndjson');
  }
  const request = parseWith(ingestRequestSchema, parseJson(body), '');
  if (view !== undefined && view !== request.view) {
    throw new FeatureStoreError('invalid_request', 'query.view: differs from the view of the body');
  }
  return request;
}

function mediaType(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function fingerprintOf(view: string, body: string): string {
  return createHash('sha256').update(view).update('\0').update(body).digest('base64url');
}
