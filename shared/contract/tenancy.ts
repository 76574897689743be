import { tenantNamePattern } from './names.ts';
import { route, scopes } from './route.ts';
import { answeredTimeSchema, textSchema } from './scalars.ts';
import * as z from './zod.ts';

const tenantNameSchema = z
  .string()
  .check(
    z.refine((name) => tenantNamePattern.test(name), {
      error: 'a tenant name has 1 to 63 lower case letters, digits, dashes and underscores',
      params: { code: 'invalid_name' },
    }),
  )
  .apply(z.documented, { pattern: tenantNamePattern.source });

/** Of a second and at once. Beyond 100,000 a second, what one limit is counted in would be what all else waits for. */
const mostRequestsPerSecond = 100_000;
const mostBurst = 1_000_000;

const rateLimitRequestSchema = z
  .strictObject({
    requests_per_second: z.int().check(z.minimum(1), z.maximum(mostRequestsPerSecond)),
    burst: z.optional(z.int().check(z.minimum(1), z.maximum(mostBurst))).apply(z.documented, {
      description: 'Requests at once, after a while without any; as many as in a second where it is left out',
    }),
  })
  .apply(z.documented, { id: 'RateLimitRequest', examples: [{ requests_per_second: 100, burst: 200 }] });

export type RateLimitRequest = z.infer<typeof rateLimitRequestSchema>;

const rateLimitSchema = z.nullable(z.object({ requests_per_second: z.int(), burst: z.int() })).apply(z.documented, {
  id: 'RateLimit',
  description: "Null of a key: none beside its tenant's; of a tenant: the deployment's",
});

const tenantSchema = z
  .object({
    name: z.string(),
    tenant_id: z.string(),
    cell: z.string(),
    created_at: answeredTimeSchema,
    rate_limit: rateLimitSchema,
  })
  .apply(z.documented, { id: 'Tenant' });

const apiKeySchema = z
  .object({
    key_id: z.string(),
    scopes: z.array(z.enum(scopes)),
    description: z.string(),
    created_at: answeredTimeSchema,
    rate_limit: rateLimitSchema,
  })
  .apply(z.documented, { id: 'ApiKey' });

const newApiKeySchema = z
  .extend(apiKeySchema, {
    key: z.string().apply(z.documented, { description: 'The whole key. It is shown this once' }),
  })
  .apply(z.documented, { id: 'NewApiKey' });

export const createApiKeyRequestSchema = z
  .strictObject({
    scopes: z._default(z.array(z.enum(scopes)).check(z.minLength(1), z.maxLength(scopes.length)), ['read']),
    description: z._default(textSchema(1024), ''),
    rate_limit: z._default(z.nullable(rateLimitRequestSchema), null),
  })
  .apply(z.documented, {
    id: 'CreateApiKeyRequest',
    examples: [
      { scopes: ['read'], description: 'The ranking service' },
      { scopes: ['read'], description: 'A notebook', rate_limit: { requests_per_second: 10 } },
    ],
  });

export const createTenantRequestSchema = z
  .strictObject({ name: tenantNameSchema, rate_limit: z._default(z.nullable(rateLimitRequestSchema), null) })
  .apply(z.documented, {
    id: 'CreateTenantRequest',
    examples: [{ name: 'acme' }, { name: 'acme', rate_limit: { requests_per_second: 500, burst: 1000 } }],
  });

export const limitTenantRequestSchema = z
  .strictObject({ rate_limit: z.nullable(rateLimitRequestSchema) })
  .apply(z.documented, {
    id: 'LimitTenantRequest',
    examples: [{ rate_limit: { requests_per_second: 500, burst: 1000 } }, { rate_limit: null }],
  });

const keyParam = z.strictObject({ id: z.string() });

export const tenancyRoutes = {
  createTenant: route({
    id: 'createTenant',
    method: 'post',
    path: '/api/v1/tenants',
    tag: 'tenancy',
    summary: 'Make a tenant and its first admin key',
    access: 'platform',
    body: createTenantRequestSchema,
    answers: {
      201: {
        description: 'The tenant, with an admin key',
        schema: z.extend(tenantSchema, { api_key: newApiKeySchema }),
      },
    },
    errors: ['invalid_name', 'tenant_exists', 'unavailable'],
  }),
  limitTenant: route({
    id: 'limitTenant',
    method: 'put',
    path: '/api/v1/tenants/{name}/rate-limit',
    tag: 'tenancy',
    summary: "Set how many requests all keys of a tenant together may make; null is the deployment's default",
    description: 'Processes hear of it within 30 seconds.',
    access: 'platform',
    params: z.strictObject({ name: tenantNameSchema }),
    body: limitTenantRequestSchema,
    answers: { 200: { description: 'The tenant', schema: tenantSchema } },
    errors: ['invalid_name', 'not_found', 'unavailable'],
  }),
  createApiKey: route({
    id: 'createApiKey',
    method: 'post',
    path: '/api/v1/api-keys',
    tag: 'tenancy',
    summary: 'Make an API key of this tenant',
    access: 'admin',
    body: createApiKeyRequestSchema,
    answers: { 201: { description: 'The key', schema: newApiKeySchema } },
    errors: ['unavailable'],
  }),
  listApiKeys: route({
    id: 'listApiKeys',
    method: 'get',
    path: '/api/v1/api-keys',
    tag: 'tenancy',
    summary: 'List the API keys of this tenant, without their secrets',
    access: 'admin',
    answers: { 200: { description: 'All keys', schema: z.object({ api_keys: z.array(apiKeySchema) }) } },
    errors: ['unavailable'],
  }),
  rotateApiKey: route({
    id: 'rotateApiKey',
    method: 'post',
    path: '/api/v1/api-keys/{id}/rotate',
    tag: 'tenancy',
    summary: 'Make a new key with the same scopes; the old one ends within 30 seconds',
    access: 'admin',
    params: keyParam,
    answers: { 201: { description: 'The new key', schema: newApiKeySchema } },
    errors: ['not_found', 'unavailable'],
  }),
  deleteApiKey: route({
    id: 'deleteApiKey',
    method: 'delete',
    path: '/api/v1/api-keys/{id}',
    tag: 'tenancy',
    summary: 'End an API key; it stops working within 30 seconds',
    access: 'admin',
    params: keyParam,
    answers: { 204: { description: 'Ended' } },
    errors: ['not_found', 'unavailable'],
  }),
};
