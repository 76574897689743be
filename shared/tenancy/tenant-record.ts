import * as z from '../contract/zod.ts';
import { numberAttribute, rateLimitAttributes, rateLimitOf, textAttribute } from './attributes.ts';

export type Tenant = z.infer<typeof tenantSchema>;

export const tenantSchema = z.pipe(
  z.object({
    name: textAttribute,
    tenant_id: textAttribute,
    cell: textAttribute,
    layout: numberAttribute,
    created_at: textAttribute,
    ...rateLimitAttributes,
  }),
  z.transform((item) => ({
    name: item.name,
    /** Names the Postgres schema and the cache keys. */
    tenantId: item.tenant_id,
    /** Which database the tenant lives in. */
    cell: item.cell,
    /** Of the tenant's own tables. */
    layout: item.layout,
    /** RFC 3339 */
    createdAt: item.created_at,
    /** Of all its keys together; undefined is what the deployment says. */
    rateLimit: rateLimitOf(item),
  })),
);
