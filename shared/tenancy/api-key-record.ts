import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { scopes } from '../contract/route.ts';
import * as z from '../contract/zod.ts';
import {
  bytesAttribute,
  rateLimitAttributes,
  rateLimitOf,
  textAttribute,
  textSetAttribute,
  toRateLimitItem,
} from './attributes.ts';

/** What people may see of a key. */
export type ApiKey = z.infer<typeof apiKeySchema>;

/** What is stored of a key, which is never the key. */
export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>;

const scopesAttribute = z.pipe(
  z.pipe(textSetAttribute, z.array(z.enum(scopes))),
  z.transform((held) =>
    // A set of DynamoDB's has no order; answers have the contract's.
    scopes.filter((scope) => held.includes(scope)),
  ),
);

const visible = {
  key_id: textAttribute,
  scopes: scopesAttribute,
  description: textAttribute,
  created_at: textAttribute,
  ...rateLimitAttributes,
};

const visibleSchema = z.object(visible);

const apiKeyOf = (item: z.infer<typeof visibleSchema>) => ({
  keyId: item.key_id,
  scopes: item.scopes,
  description: item.description,
  /** RFC 3339 */
  createdAt: item.created_at,
  /** Undefined where the tenant's is all. */
  rateLimit: rateLimitOf(item),
});

export const apiKeySchema = z.pipe(visibleSchema, z.transform(apiKeyOf));

export const apiKeyRecordSchema = z.pipe(
  z.object({
    ...visible,
    tenant_id: textAttribute,
    tenant_name: textAttribute,
    cell: textAttribute,
    pepper_id: textAttribute,
    key_hash: bytesAttribute,
  }),
  z.transform((item) => ({
    ...apiKeyOf(item),
    tenantId: item.tenant_id,
    tenantName: item.tenant_name,
    cell: item.cell,
    pepperId: item.pepper_id,
    hash: item.key_hash,
  })),
);

export function toApiKeyItem(record: ApiKeyRecord): Record<string, AttributeValue> {
  return {
    key_id: { S: record.keyId },
    scopes: { SS: [...record.scopes] },
    description: { S: record.description },
    created_at: { S: record.createdAt },
    ...toRateLimitItem(record.rateLimit),
    tenant_id: { S: record.tenantId },
    tenant_name: { S: record.tenantName },
    cell: { S: record.cell },
    pepper_id: { S: record.pepperId },
    key_hash: { B: record.hash },
  };
}
