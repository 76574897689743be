import * as z from 'zod';
import { tenantNamePattern } from './names.ts';
import { route, scopes } from './route.ts';
import { answeredTimeSchema, textSchema } from './scalars.ts';

const tenantNameSchema = z
  .string()
  .refine((name) => tenantNamePattern.test(name), {
    error: 'a tenant name has 1 to 63 lower case letters, digits, dashes and underscores',
    params: { code: 'invalid_name' },
  })
  .meta({ pattern: tenantNamePattern.source });

/** Of a second and at once. Beyond 100,000 a second, what one limit is counted in would be what all else waits for. */
const mostRequestsPerSecond = 100_000;
const mostBurst = 1_000_000;

const rateLimitRequestSchema = z
  .strictObject({
    requests_per_second: z.int().min(1).max(mostRequestsPerSecond),
    burst: z.int().min(1).max(mostBurst).optional().meta({
      description: 'Requests at once, after a while without any; as many as in a second where it is left out',
    }),
  })
  .meta({ id: 'RateLimitRequest', examples: [{ requests_per_second: 100, burst: 200 }] });

export type RateLimitRequest = z.infer<typeof rateLimitRequestSchema>;

const rateLimitSchema = z
  .object({ requests_per_second: z.int(), burst: z.int() })
  .nullable()
  .meta({ id: 'RateLimit', description: "Null of a key: none beside its tenant's; of a tenant: the deployment's" });

const tenantSchema = z
  .object({
    name: z.string(),
    tenant_id: z.string(),
    cell: z.string(),
    created_at: answeredTimeSchema,
    rate_limit: rateLimitSchema,
  })
  .meta({ id: 'Tenant' });

const apiKeySchema = z
  .object({
    key_id: z.string(),
    scopes: z.array(z.enum(scopes)),
    description: z.string(),
    created_at: answeredTimeSchema,
    rate_limit: rateLimitSchema,
  })
  .meta({ id: 'ApiKey' });

const newApiKeySchema = apiKeySchema
  .extend({ key: z.string().meta({ description: 'The whole key. It is shown this once' }) })
  .meta({ id: 'NewApiKey' });

export const createApiKeyRequestSchema = z
  .strictObject({
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).default(['read']),
    description: textSchema(1024).default(''),
    rate_limit: rateLimitRequestSchema.nullable().default(null),
  })
  .meta({
    id: 'CreateApiKeyRequest',
    examples: [
      { scopes: ['read'], description: 'The ranking service' },
      { scopes: ['read'], description: 'A notebook', rate_limit: { requests_per_second: 10 } },
    ],
  });

export const createTenantRequestSchema = z
  .strictObject({ name: tenantNameSchema, rate_limit: rateLimitRequestSchema.nullable().default(null) })
  .meta({
    id: 'CreateTenantRequest',
    examples: [{ name: 'acme' }, { name: 'acme', rate_limit: { requests_per_second: 500, burst: 1000 } }],
  });

export const limitTenantRequestSchema = z.strictObject({ rate_limit: rateLimitRequestSchema.nullable() }).meta({
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
      201: { description: 'The tenant, with an admin key', schema: tenantSchema.extend({ api_key: newApiKeySchema }) },
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
