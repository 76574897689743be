import type { ErrorCode } from './errors.ts';
import type * as z from './zod.ts';

/** What an API key may do. `admin` includes `write`, `write` includes `read`. */
export const scopes = ['read', 'write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** `platform` is the operator's own key, which alone makes tenants; `none` needs no key. */
export type Access = Scope | 'platform' | 'none';

/**
 * One route as data: the functions turn it into a route, and one OpenAPI document is made of them all. Schemas of
 * answers serve the document and the tests; answers are not validated when served.
 */
export interface Route {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With OpenAPI's `{name}` parameters. */
  readonly path: string;
  readonly tag: 'features' | 'feature views' | 'feature services' | 'streams' | 'tenancy' | 'cache' | 'operations';
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: z.ZodMiniObject;
  readonly query?: z.ZodMiniObject;
  readonly headers?: z.ZodMiniObject;
  readonly body?: z.ZodMiniType;
  /** Documented beside JSON where a route takes another content type too. */
  readonly otherBody?: { readonly contentType: string; readonly description: string };
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly schema?: z.ZodMiniType; readonly contentType?: string }>
  >;
  /** Codes of this route beyond those that its access, params and body bring by themselves. */
  readonly errors: readonly ErrorCode[];
}

/**
 * Whether an answer over the limit is refused: where a tenant reads, what comes grows with what is stored. A write is not
 * among them: it has been done by then.
 */
export function isAnswerLimited({ access, method }: Route): boolean {
  return access === 'read' || (access === 'admin' && method === 'get');
}

/** Whether the limits of its key and of its tenant hold for a route: where there is a key of a tenant. */
export function isRateLimited({ access }: Route): boolean {
  return access !== 'none' && access !== 'platform';
}

/** Keeps a route's precise types. */
export function route<const Definition extends Route>(definition: Definition): Definition {
  return definition;
}
