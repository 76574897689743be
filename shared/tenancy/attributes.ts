import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { RateLimit } from '../platform/rate-limit.ts';

/** DynamoDB's attribute values, parsed to what they hold. */
export const textAttribute = z.object({ S: z.string() }).transform(({ S }) => S);
export const numberAttribute = z.object({ N: z.string() }).transform(({ N }, context): number => {
  const number = Number(N);
  if (Number.isSafeInteger(number)) return number;
  context.addIssue({ code: 'custom', message: 'not an exact whole number' });
  return z.NEVER;
});
export const bytesAttribute = z.object({ B: z.instanceof(Uint8Array) }).transform(({ B }) => B);
export const textSetAttribute = z.object({ SS: z.array(z.string()) }).transform(({ SS }) => SS);

/** Of a key's or a tenant's own limit: both or neither. */
export const rateLimitAttributes = {
  requests_per_second: numberAttribute.optional(),
  burst: numberAttribute.optional(),
};

export function rateLimitOf(item: {
  readonly requests_per_second?: number | undefined;
  readonly burst?: number | undefined;
}): RateLimit | undefined {
  const { requests_per_second: requestsPerSecond, burst } = item;
  return requestsPerSecond === undefined || burst === undefined ? undefined : { requestsPerSecond, burst };
}

export function toRateLimitItem(limit: RateLimit | undefined): Record<string, AttributeValue> {
  if (limit === undefined) return {};
  return { requests_per_second: { N: String(limit.requestsPerSecond) }, burst: { N: String(limit.burst) } };
}
