import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { FeatureStoreError } from '../../shared/contract/errors.ts';
import { isAnswerLimited, type Route } from '../../shared/contract/route.ts';
import type { LimitedRequest, Limiter } from '../../shared/limits/index.ts';
import { type AnswerLimit, requireWithinLimit } from '../../shared/platform/answer-limit.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import {
  type Authenticate,
  extractApiKey,
  isPlatformKey,
  type Principal,
  requireScope,
} from '../../shared/tenancy/index.ts';
import { compressAnswer, isWorthCompressing } from './compress-answer.ts';
import type { HttpAnswer, SentAnswer } from './http-answer.ts';
import { problemAnswer } from './http-problem.ts';

export interface HttpDependencies {
  readonly authenticate: Authenticate;
  readonly limiter: Limiter;
  /** The operator's own key; without one no route that needs it can be called. */
  readonly platformKey: string | undefined;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly answerLimit: AnswerLimit;
  /** What Hono is handed of an answer. Default a Response of fetch. */
  readonly toResponse?: (sent: SentAnswer) => Response;
}

/** What a handler knows of its request beside what it parses. */
export interface Call {
  readonly c: Context;
  /** Members of the request's log line. */
  readonly log: Record<string, string | number>;
  /** Once it is known whose it is, and that a limit holds for them. */
  limited?: LimitedRequest | undefined;
}

export interface TenantCall extends Call {
  readonly ctx: TenantContext;
  readonly principal: Principal;
}

export interface FunctionApp {
  readonly hono: Hono;
  /** A route of a tenant, by API key with the route's scope. */
  tenantRoute(
    route: Route,
    handler: (call: TenantCall) => Promise<HttpAnswer> | HttpAnswer,
    options?: TenantRouteOptions,
  ): void;
  /** A route without a tenant: open, or by the platform key. */
  openRoute(route: Route, handler: (call: Call) => Promise<HttpAnswer> | HttpAnswer): void;
}

export interface TenantRouteOptions {
  /** The handler counts the request itself, in a trip to the cache that it makes anyway. Default: it is counted before. */
  readonly countsItself?: boolean;
}

/**
 * A Hono app whose every route does the same in one pass: key, handler, answer, one log line, metrics. No middleware: on
 * the hot path each costs a promise.
 */
export function createApp(dependencies: HttpDependencies): FunctionApp {
  const hono = new Hono();
  const routes: Route[] = [];

  const mount = (route: Route, run: (call: Call) => Promise<HttpAnswer> | HttpAnswer): void => {
    routes.push(route);
    const limit = isAnswerLimited(route) ? dependencies.answerLimit : undefined;
    hono.on(route.method.toUpperCase(), honoPath(route.path), (c) =>
      answerRequest(dependencies, route.id, c, run, limit),
    );
  };

  hono.notFound((c) =>
    answerRequest(dependencies, 'unknown', c, ({ log }) => noSuchRoute(routes, c.req.path, String(log.request_id))),
  );

  return {
    hono,
    tenantRoute: (route, handler, { countsItself = false } = {}) => {
      const { access } = route;
      if (access === 'none' || access === 'platform') throw new Error(`${route.id} is no route of a tenant`);
      mount(route, (call) => {
        const principal = dependencies.authenticate(presentedKey(call.c));
        const { c, log } = call;
        const proceed = (known: Principal): Promise<HttpAnswer> | HttpAnswer => {
          log.tenant = known.tenant.tenantName;
          const limited = dependencies.limiter.begin(known);
          call.limited = limited;
          limited?.requireNotRefused();
          requireScope(known, access);
          const ofTenant = { c, log, limited, principal: known, ctx: known.tenant };
          if (limited === undefined || countsItself) return handler(ofTenant);
          return limited.check().then(() => handler(ofTenant));
        };
        // Keys are in memory nearly always: no promise then.
        return principal instanceof Promise ? principal.then(proceed) : proceed(principal);
      });
    },
    openRoute: (route, handler) => {
      mount(route, (call) => {
        if (route.access === 'platform') requirePlatformKey(presentedKey(call.c), dependencies.platformKey);
        return handler(call);
      });
    },
  };
}

function noSuchRoute(routes: readonly Route[], path: string, requestId: string): HttpAnswer {
  const allowed = routes
    .filter((route) => pathPattern(route.path).test(path))
    .flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  if (allowed.length === 0) throw new FeatureStoreError('not_found', 'there is no such path');
  const problem = problemAnswer(
    new FeatureStoreError('method_not_allowed', `this path takes ${allowed.join(', ')}`),
    requestId,
  );
  return { ...problem, headers: { ...problem.headers, allow: allowed.join(', ') } };
}

async function answerRequest(
  { logger, telemetry, toResponse = fetchResponse }: HttpDependencies,
  routeId: string,
  c: Context,
  run: (call: Call) => Promise<HttpAnswer> | HttpAnswer,
  limit?: AnswerLimit,
): Promise<Response> {
  const startedAt = performance.now();
  const requestId = requestIdOf(c);
  const log: Record<string, string | number> = { request_id: requestId, route: routeId };
  const call: Call = { c, log };
  let answer: HttpAnswer;
  try {
    answer = await run(call);
    if (limit !== undefined) answer = withinLimit(limit, answer);
    if (isWorthCompressing(answer)) answer = await compressAnswer(answer, c.req.header('accept-encoding'));
  } catch (error) {
    answer = problemAnswer(error, requestId);
    if (answer.status >= 500) logger.error({ request_id: requestId, route: routeId, err: error }, 'request failed');
  }
  const { limited } = call;
  if (limited?.isSettled() === false) answer = await countLate(limited, answer, requestId);
  const milliseconds = performance.now() - startedAt;
  log.status = answer.status;
  log.duration_ms = Math.round(milliseconds * 1000) / 1000;
  logger.info(log, 'request');
  telemetry.requestDone(routeId, answer.status, milliseconds / 1000);
  return toResponse(sentAnswer(answer, requestId, limited?.headers()));
}

/** What failed before it was counted, such as a body that is no JSON, counts too. */
async function countLate(limited: LimitedRequest, answer: HttpAnswer, requestId: string): Promise<HttpAnswer> {
  try {
    await limited.check();
    return answer;
  } catch (error) {
    return problemAnswer(error, requestId);
  }
}

/** The answer as it goes out. Throws payload_too_large. */
function withinLimit(limit: AnswerLimit, answer: HttpAnswer): HttpAnswer {
  const text = textOf(answer);
  if (text === undefined) return answer;
  requireWithinLimit(limit, text);
  return answer.text === undefined ? { ...answer, text } : answer;
}

function textOf({ text, json }: HttpAnswer): string | undefined {
  return text ?? (json === undefined ? undefined : JSON.stringify(json));
}

function sentAnswer(
  answer: HttpAnswer,
  requestId: string,
  limits: Readonly<Record<string, string>> | undefined,
): SentAnswer {
  const headers: Record<string, string> = { 'x-request-id': requestId };
  const text = textOf(answer);
  if (text !== undefined) headers['content-type'] = 'application/json';
  if (answer.headers !== undefined) Object.assign(headers, answer.headers);
  if (limits !== undefined) Object.assign(headers, limits);
  return { status: answer.status, headers, body: answer.bytes ?? text ?? null };
}

function fetchResponse({ status, headers, body }: SentAnswer): Response {
  return new Response(body, { status, headers });
}

/** The caller's own id where it is a plain one. */
function requestIdOf(c: Context): string {
  const given = c.req.header('x-request-id');
  return given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

function presentedKey(c: Context): string | undefined {
  return extractApiKey({ apiKey: c.req.header('x-api-key'), authorization: c.req.header('authorization') });
}

function requirePlatformKey(presented: string | undefined, platformKey: string | undefined): void {
  if (!isPlatformKey(presented, platformKey))
    throw new FeatureStoreError('unauthenticated', 'this route needs the platform key');
}

function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}
