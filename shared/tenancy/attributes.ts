import * as z from 'zod';

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
