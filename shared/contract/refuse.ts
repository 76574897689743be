import type { ErrorCode } from './errors.ts';
import * as z from './zod.ts';

/** For a transform that cannot read what it is given: nothing that follows it runs. `path` is from the value transformed. */
export function refuse(
  context: z.core.ParsePayload,
  message: string,
  { code, path = [] }: { readonly code?: ErrorCode; readonly path?: readonly PropertyKey[] } = {},
): never {
  const params = code === undefined ? {} : { params: { code } };
  context.issues.push({ code: 'custom', message, input: context.value, path: [...path], ...params });
  return z.NEVER;
}
