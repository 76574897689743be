import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { refuse } from '../contract/refuse.ts';
import * as z from '../contract/zod.ts';
import type { RateLimit } from '../platform/rate-limit.ts';

/** DynamoDB's attribute values, parsed to what they hold. */
export const textAttribute = z.pipe(
  z.object({ S: z.string() }),
  z.transform(({ S }) => S),
);
export const numberAttribute = z.pipe(
  z.object({ N: z.string() }),
  z.transform(({ N }, context): number => {
    const number = Number(N);
    return Number.isSafeInteger(number) ? number : refuse(context, 'not an exact whole number');
  }),
);
export const bytesAttribute = z.pipe(
  z.object({ B: z.instanceof(Uint8Array) }),
  z.transform(({ B }) => B),
);
export const textSetAttribute = z.pipe(
  z.object({ SS: z.array(z.string()) }),
  z.transform(({ SS }) => SS),
);

/** Of a key's or a tenant's own limit: both or neither. */
export const rateLimitAttributes = {
  requests_per_second: z.optional(numberAttribute),
  burst: z.optional(numberAttribute),
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
