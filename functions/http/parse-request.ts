import { isUtf8 } from 'node:buffer';
import type { Context } from 'hono';
import type { z } from 'zod';
import { type ErrorCode, errorCodes, FeatureStoreError } from '../../shared/contract/errors.ts';

/** Bytes of a body where a route says nothing else. Reads name at most 1,000 entities and 500 features. */
export const defaultBodyBytes = 4 * 1024 * 1024;

/** Parses with a schema of the contract. Throws FeatureStoreError with the code that the schema gives, else invalid_request. */
export function parseWith<Schema extends z.ZodType>(schema: Schema, given: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const details = issues
    .slice(0, 5)
    .map(({ path, message }) => `${[where, ...path].filter(Boolean).join('.')}: ${message}`);
  if (issues.length > 5) details.push(`and ${issues.length - 5} more`);
  throw new FeatureStoreError(codeOf(issues), details.join('; ').toWellFormed());
}

/** The body as text. Throws payload_too_large, also where no length was announced, and invalid_request unless it is UTF-8. */
export async function readBody(c: Context, mostBytes = defaultBodyBytes): Promise<string> {
  const announced = c.req.header('content-length');
  if (announced !== undefined && Number(announced) > mostBytes) throw tooLarge(mostBytes);
  const bytes =
    announced === undefined ? await readStream(c.req.raw.body, mostBytes) : Buffer.from(await c.req.arrayBuffer());
  if (bytes.length > mostBytes) throw tooLarge(mostBytes);
  if (!isUtf8(bytes)) throw new FeatureStoreError('invalid_request', 'the body is not UTF-8');
  return bytes.toString('utf8');
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw new FeatureStoreError('invalid_request', `the body is not JSON: ${reason.slice(0, 200).toWellFormed()}`);
  }
}

function codeOf(issues: readonly z.core.$ZodIssue[]): ErrorCode {
  for (const issue of issues) {
    const code: unknown = issue.code === 'custom' ? issue.params?.code : undefined;
    if (isErrorCode(code)) return code;
    if (issue.path.at(-1) === 'dtype' && issue.code === 'invalid_value') return 'invalid_dtype';
  }
  return 'invalid_request';
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

async function readStream(stream: ReadableStream<Uint8Array> | null, mostBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream ?? []) {
    length += chunk.length;
    if (length > mostBytes) throw tooLarge(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(mostBytes: number): FeatureStoreError {
  return new FeatureStoreError('payload_too_large', `a body has at most ${mostBytes} bytes here`);
}
