import type { ErrorCode } from '../../../../shared/contract/errors.ts';

/** A request that must be refused, as data. */
export interface WrongRequest {
  readonly title: string;
  /** Default POST. */
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly rawBody?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which of the store's keys; default admin. */
  readonly key?: 'admin' | 'write' | 'read' | 'platform' | 'none';
  readonly code: ErrorCode;
  /** Members that the problem document has beside the usual ones. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Text that Postgres stores nowhere. */
export const unstorableTexts: readonly (readonly [what: string, text: string])[] = [
  ['a NUL', 'a\u0000b'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00b'],
];

/** What no view, feature, service or entity type may be named. */
export const badNames: readonly string[] = [
  '',
  ' ',
  'a b',
  ' a',
  'a\n',
  '1a',
  '_a',
  '__proto__',
  'a-b',
  'a.b',
  'a/b',
  '$1',
  'naïve',
  'а',
  'a'.repeat(49),
  'a\u0000',
  'a\ud800',
  'a"; DROP TABLE registry.tenants; --',
  "a' OR '1'='1",
  '1e999',
];

export const notText: readonly unknown[] = [1, 1.5, true, null, [], {}, ['a'], { a: 'b' }];

export const depth = 100_000;
export const deepList = `${'['.repeat(depth)}${']'.repeat(depth)}`;
export const deepObject = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Short enough for a test's title. */
export function shown(value: unknown): string {
  const text = value === Number.POSITIVE_INFINITY ? '1e999' : (JSON.stringify(value) ?? 'undefined');
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}

/** JSON in which an infinite number is written as 1e999, which JSON.parse reads as infinity. */
export function jsonText(body: unknown): string {
  return JSON.stringify(body, (_, value: unknown) =>
    value === Number.POSITIVE_INFINITY ? '\u{1f4a5}infinity' : value,
  ).replaceAll('"\u{1f4a5}infinity"', '1e999');
}

/** Cases of one member of a body: each value of it is refused with the code. */
export function memberCases(
  path: string,
  valid: Readonly<Record<string, unknown>>,
  member: string,
  code: ErrorCode,
  values: readonly unknown[],
): WrongRequest[] {
  return values.map((value) => ({
    title: `${path} with ${member} ${shown(value)}`,
    path,
    rawBody: jsonText({ ...valid, [member]: value }),
    code,
  }));
}
