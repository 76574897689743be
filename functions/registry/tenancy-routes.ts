import { createApiKeyRequestSchema, createTenantRequestSchema, tenancyRoutes } from '../../shared/contract/tenancy.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import type { DynamoDb } from '../../shared/platform/dynamodb.ts';
import {
  createApiKey,
  createTenant,
  deleteApiKey,
  listApiKeys,
  type NewApiKey,
  type Peppers,
  rotateApiKey,
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
    const { tenant, apiKey } = await createTenant(dependencies, request);
    const { name, tenantId, cell, createdAt } = tenant;
    return created({ name, tenant_id: tenantId, cell, created_at: createdAt, api_key: newKeyAnswer(apiKey) });
  });

  app.tenantRoute(tenancyRoutes.createApiKey, async ({ c, ctx, principal }) => {
    const request = parseWith(createApiKeyRequestSchema, parseJson(await readBody(c)), '');
    return created(newKeyAnswer(await createApiKey(dependencies, ctx, { cell: principal.cell, ...request })));
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

function keyAnswer({ keyId, scopes, description, createdAt }: Omit<NewApiKey, 'key'>) {
  return { key_id: keyId, scopes, description, created_at: createdAt };
}
