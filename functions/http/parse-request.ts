import { isUtf8 } from 'node:buffer';
import type { Context } from 'hono';
import { type ErrorCode, errorCodes, FeatureStoreError } from '../../shared/contract/errors.ts';
import * as z from '../../shared/contract/zod.ts';
import { readBytes } from './read-bytes.ts';

/** Bytes of a body where a route says nothing else. Reads name at most 1,000 entities and 500 features. */
const defaultBodyBytes = 4 * 1024 * 1024;

/** Parses with a schema of the contract. Throws FeatureStoreError with the code that the schema gives, else invalid_request. */
export function parseWith<Schema extends z.core.$ZodType>(
  schema: Schema,
  given: unknown,
  where: string,
): z.output<Schema> {
  const parsed = z.safeParse(schema, given);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const details = issues
    .slice(0, 5)
    .map(
      ({ path, message }) =>
        `${shortened([where, ...path].filter((part) => part !== '').join('.'))}: ${shortened(message)}`,
    );
  if (issues.length > 5) details.push(`and ${issues.length - 5} more`);
  throw new FeatureStoreError(codeOf(issues), details.join('; '));
}

/** The query's parameters, for a schema. Throws invalid_request for one that is given twice or is not percent-encoded UTF-8. */
export function readQuery(c: Context): Record<string, string> {
  const { search } = new URL(c.req.url);
  requireDecodable(search.replaceAll('+', ' '), 'query');
  const parameters = [...new URLSearchParams(search)];
  const twice = parameters.find(([name], index) => parameters.findIndex((other) => other[0] === name) < index);
  if (twice !== undefined) {
    throw new FeatureStoreError('invalid_request', `query.${shortened(twice[0])}: given twice`);
  }
  return Object.fromEntries(parameters);
}

/** The path's parameters, for a schema. Throws invalid_request where the path is not percent-encoded UTF-8. */
export function readParams(c: Context): Record<string, string> {
  requireDecodable(new URL(c.req.url).pathname, 'path');
  return c.req.param();
}

/**
 * The body as text, without a byte order mark. Throws payload_too_large, also where no length was announced, and
 * invalid_request unless it is UTF-8 as it is: 4 MiB of gzip may be 4 GiB of text.
 */
export async function readBody(c: Context, mostBytes = defaultBodyBytes): Promise<string> {
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    throw new FeatureStoreError(
      'invalid_request',
      `header.content-encoding: ${JSON.stringify(shortened(encoding))} is not taken, send the body as it is`,
    );
  }
  const announced = c.req.header('content-length');
  if (announced !== undefined && Number(announced) > mostBytes) throw tooLarge(mostBytes);
  let bytes: Buffer | undefined;
  try {
    bytes = await readBytes(c, mostBytes);
  } catch (error) {
    // The client went away in the middle: no fault of ours to log.
    throw new FeatureStoreError('invalid_request', 'the body broke off', {}, { cause: error });
  }
  if (bytes === undefined) throw tooLarge(mostBytes);
  if (!isUtf8(bytes)) throw new FeatureStoreError('invalid_request', 'the body is not UTF-8');
  return bytes.toString('utf8', startsWithMark(bytes) ? 3 : 0);
}

/** As some editors and spreadsheets write it. */
function startsWithMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable';
    throw new FeatureStoreError('invalid_request', `the body is not JSON: ${reason.slice(0, 200).toWellFormed()}`);
  }
}

/** Hono leaves what it cannot decode as it is, and `%FF` would be one thing with `%25FF`. */
function requireDecodable(encoded: string, where: string): void {
  try {
    decodeURIComponent(encoded);
  } catch {
    throw new FeatureStoreError('invalid_request', `${where}: not percent-encoded UTF-8`);
  }
}

/** What a caller sent, or Zod says of it: a body of 4 MiB is not sent back. */
function shortened(text: string): string {
  return (text.length > 300 ? `${text.slice(0, 300)}…` : text).toWellFormed();
}

/** Of the first mistake, which the detail begins with. */
function codeOf([issue]: readonly z.core.$ZodIssue[]): ErrorCode {
  if (issue?.code === 'invalid_value') {
    // A dtype of a feature, or of a field in the schema of a source.
    if (issue.path.at(-1) === 'dtype' || issue.path.at(-2) === 'schema') return 'invalid_dtype';
    if (issue.path.at(-1) === 'function') return 'invalid_aggregation';
  }
  const code: unknown = issue?.code === 'custom' ? issue.params?.code : undefined;
  return isErrorCode(code) ? code : 'invalid_request';
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

function tooLarge(mostBytes: number): FeatureStoreError {
  return new FeatureStoreError('payload_too_large', `a body has at most ${mostBytes} bytes here`);
}
