import {
  createApiKeyRequestSchema,
  createTenantRequestSchema,
  limitTenantRequestSchema,
  type RateLimitRequest,
  tenancyRoutes,
} from '../../shared/contract/tenancy.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import type { DynamoDb } from '../../shared/platform/dynamodb.ts';
import type { RateLimit } from '../../shared/platform/rate-limit.ts';
import {
  createApiKey,
  createTenant,
  deleteApiKey,
  limitTenant,
  listApiKeys,
  type NewApiKey,
  type Peppers,
  rotateApiKey,
  type Tenant,
} from '../../shared/tenancy/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { type HttpAnswer, ok } from '../http/http-answer.ts';
import { parseJson, parseWith, readBody, readParams } from '../http/parse-request.ts';

export interface TenancyDependencies {
  readonly dynamodb: DynamoDb;
  readonly clock: Clock;
  readonly peppers: Peppers;
}

export function mountTenancy(app: FunctionApp, dependencies: TenancyDependencies): void {
  app.openRoute(tenancyRoutes.createTenant, async ({ c }) => {
    const request = parseWith(createTenantRequestSchema, parseJson(await readBody(c)), '');
    const { name, rate_limit } = request;
    const { tenant, apiKey } = await createTenant(dependencies, { name, rateLimit: limitOf(rate_limit) });
    return created({ ...tenantAnswer(tenant), api_key: newKeyAnswer(apiKey) });
  });

  app.openRoute(tenancyRoutes.limitTenant, async ({ c }) => {
    const { name } = parseWith(tenancyRoutes.limitTenant.params, readParams(c), 'path');
    const { rate_limit } = parseWith(limitTenantRequestSchema, parseJson(await readBody(c)), '');
    return ok(tenantAnswer(await limitTenant(dependencies, name, limitOf(rate_limit))));
  });

  app.tenantRoute(tenancyRoutes.createApiKey, async ({ c, ctx, principal }) => {
    const { scopes, description, rate_limit } = parseWith(createApiKeyRequestSchema, parseJson(await readBody(c)), '');
    const definition = { cell: principal.cell, scopes, description, rateLimit: limitOf(rate_limit) };
    return created(newKeyAnswer(await createApiKey(dependencies, ctx, definition)));
  });

  app.tenantRoute(tenancyRoutes.listApiKeys, async ({ ctx }) => {
    const keys = await listApiKeys(dependencies, ctx);
    return ok({ api_keys: keys.map(keyAnswer) });
  });

  app.tenantRoute(tenancyRoutes.rotateApiKey, async ({ c, ctx }) => {
    const { id } = parseWith(tenancyRoutes.rotateApiKey.params, readParams(c), 'path');
    return created(newKeyAnswer(await rotateApiKey(dependencies, ctx, id)));
  });

  app.tenantRoute(tenancyRoutes.deleteApiKey, async ({ c, ctx }) => {
    const { id } = parseWith(tenancyRoutes.deleteApiKey.params, readParams(c), 'path');
    await deleteApiKey(dependencies, ctx, id);
    return { status: 204 };
  });
}

function created(json: unknown): HttpAnswer {
  return { status: 201, json };
}

function newKeyAnswer(key: NewApiKey) {
  return { ...keyAnswer(key), key: key.key };
}

function keyAnswer({ keyId, scopes, description, createdAt, rateLimit }: Omit<NewApiKey, 'key'>) {
  return { key_id: keyId, scopes, description, created_at: createdAt, rate_limit: limitAnswer(rateLimit) };
}

function tenantAnswer({ name, tenantId, cell, createdAt, rateLimit }: Tenant) {
  return { name, tenant_id: tenantId, cell, created_at: createdAt, rate_limit: limitAnswer(rateLimit) };
}

function limitOf(request: RateLimitRequest | null): RateLimit | undefined {
  if (request === null) return undefined;
  const { requests_per_second: requestsPerSecond, burst = requestsPerSecond } = request;
  return { requestsPerSecond, burst };
}

function limitAnswer(limit: RateLimit | undefined) {
  return limit === undefined ? null : { requests_per_second: limit.requestsPerSecond, burst: limit.burst };
}
