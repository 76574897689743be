import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import {
  type ErrorCode,
  errorCodes,
  FeatureStoreError,
  type Problem,
  toProblem,
} from '../../shared/contract/errors.ts';
import { type Access, isAnswerLimited, isRateLimited, type Route } from '../../shared/contract/route.ts';
import { allRoutes } from '../../shared/contract/routes.ts';
import * as z from '../../shared/contract/zod.ts';

const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    request_id: z.string(),
  })
  .apply(z.documented, { id: 'Problem', description: 'RFC 9457 problem document; match on `code`' });

/** As the IETF's draft-ietf-httpapi-ratelimit-headers spells them. */
const limitHeaders = {
  'RateLimit-Policy': z.optional(z.string()).apply(z.documented, {
    description:
      'The limits that hold, where any does: `q` requests at once, all of which come back within `w` seconds',
    example: '"key";q=10;w=1, "tenant";q=1000;w=2',
  }),
  RateLimit: z.optional(z.string()).apply(z.documented, {
    description: 'What is left: `r` requests at once now, `q` again after `t` seconds',
    example: '"key";r=9;t=1, "tenant";r=870;t=1',
  }),
};

const retryAfter = z
  .int()
  .check(z.minimum(1), z.maximum(3600))
  .apply(z.documented, { description: 'Seconds, rounded up', example: 1 });

/** The OpenAPI 3.1 document of all functions, made of the route table. */
export function createOpenApi(): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of allRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Feature Store',
      version: '1.0.0',
      description: 'Features online in milliseconds, and as of any past moment.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
    paths,
  });
}

/** API keys have no place for scopes in OpenAPI but prose. */
const neededKey: Readonly<Record<Access, string>> = {
  none: 'Needs no key.',
  read: 'Needs a key with the scope `read`.',
  write: 'Needs a key with the scope `write`.',
  admin: 'Needs a key with the scope `admin`.',
  platform: "Needs the operator's own key; no tenant's key will do.",
};

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { params, query, headers, body, otherBody } = route;
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, neededKey[route.access]].filter(Boolean).join(' '),
    ...(route.access === 'none' ? { security: [] } : {}),
    requestParams: {
      ...(params === undefined ? {} : { path: params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { header: headers }),
    },
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: body },
              ...(otherBody === undefined
                ? {}
                : { [otherBody.contentType]: { schema: { type: 'string', description: otherBody.description } } }),
            },
          },
        }),
    responses: responsesOf(route),
  };
}

function responsesOf(route: Route): ZodOpenApiResponsesObject {
  const responses: Record<string, ZodOpenApiResponsesObject[`${1 | 2 | 3 | 4 | 5}XX`]> = {};
  for (const [status, { description, schema, contentType = 'application/json' }] of Object.entries(route.answers)) {
    const content =
      schema === undefined
        ? contentType === 'application/json'
          ? undefined
          : { [contentType]: {} }
        : { [contentType]: { schema } };
    responses[status] = {
      description,
      ...(content === undefined ? {} : { content }),
      ...(isRateLimited(route) ? { headers: z.object(limitHeaders) } : {}),
    };
  }
  for (const [status, codes] of Map.groupBy(codesOf(route), (code) => errorCodes[code].status)) {
    const description = codes.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('. ');
    const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]));
    responses[status] ??= {
      description,
      content: { 'application/problem+json': { schema: problemSchema, examples } },
      ...headersOfRefusal(status),
    };
  }
  return responses;
}

function headersOfRefusal(status: number) {
  if (status === 429) return { headers: z.object({ 'Retry-After': retryAfter, ...limitHeaders }) };
  return status === 503 ? { headers: z.object({ 'Retry-After': retryAfter }) } : {};
}

function exampleOf(code: ErrorCode): Problem {
  const { title } = errorCodes[code];
  return toProblem(new FeatureStoreError(code, title), '0b8e5f0c-3c1a-4c53-9c7e-2f1a6d1f4e11');
}

/** A route's own codes and those that its access, parameters and body bring. */
function codesOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>(route.errors);
  if (route.access !== 'none') {
    codes.add('unauthenticated').add('unavailable');
    if (isRateLimited(route)) codes.add('forbidden').add('rate_limited');
    codes.add('internal_error');
  }
  if (route.params !== undefined || route.query !== undefined || route.body !== undefined) codes.add('invalid_request');
  if (route.body !== undefined || isAnswerLimited(route)) codes.add('payload_too_large');
  return [...codes];
}
