import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { errorCodes } from '../../../shared/contract/errors.ts';
import { isAnswerLimited, isRateLimited } from '../../../shared/contract/route.ts';
import { allRoutes } from '../../../shared/contract/routes.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { wrongRequests } from './wrong/all.ts';

const mediaSchema = z.looseObject({
  schema: z.unknown().optional(),
  examples: z.record(z.string(), z.object({ value: z.unknown() })).optional(),
});
const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string().min(1),
  description: z.string(),
  security: z.array(z.unknown()).optional(),
  parameters: z
    .array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema: z.looseObject({}) }).loose())
    .default([]),
  requestBody: z.object({ required: z.literal(true), content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string().min(1),
      headers: z.record(z.string(), z.looseObject({ description: z.string() })).optional(),
      content: z.record(z.string(), mediaSchema).optional(),
    }),
  ),
});
const documentSchema = z.looseObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.object({ title: z.string(), version: z.string() }).loose(),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.looseObject({ examples: z.array(z.unknown()).optional() })),
  }),
});

let store: TestFeatureStore;
let text: string;
let document: z.infer<typeof documentSchema>;

beforeAll(async () => {
  store = await createFeatureStore();
  const answer = await store.get('/openapi.json', { key: null });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/json');
  text = answer.text;
  document = documentSchema.parse(answer.json);
});
afterAll(() => store.close());

const operationOf = ({ path, method }: { path: string; method: string }) => {
  const operation = document.paths[path]?.[method];
  if (operation === undefined) throw new Error(`${method} ${path} is not in the document`);
  return operation;
};

test('the document is OpenAPI 3.1 with every route once, and nothing else', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
  );
  expect(operations.sort()).toEqual(allRoutes.map(({ id, method, path }) => `${id} ${method} ${path}`).sort());
});

test('every reference leads somewhere', () => {
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);
  expect(references.length).toBeGreaterThan(50);
  expect(references.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([]);
  expect(text.match(/"\$ref":"(?!#\/components\/schemas\/)/g)).toBeNull();
});

test.each(allRoutes.map((route) => [route.id, route] as const))(
  '%s is documented with its parameters, body and answers',
  (_, route) => {
    const operation = operationOf(route);
    const parameters = [
      ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${name}`),
      ...Object.keys(route.query?.shape ?? {}).map((name) => `query ${name}`),
      ...Object.keys(route.headers?.shape ?? {}).map((name) => `header ${name}`),
    ];
    expect(operation.parameters.map(({ in: place, name }) => `${place} ${name}`).sort()).toEqual(parameters.sort());
    const types = [
      ...(route.body === undefined ? [] : ['application/json']),
      ...(route.otherBody === undefined ? [] : [route.otherBody.contentType]),
    ];
    expect(Object.keys(operation.requestBody?.content ?? {})).toEqual(types);
    expect(operation.security).toEqual(route.access === 'none' ? [] : undefined);
    const key = { none: 'no key', platform: "the operator's own key" };
    const needed = route.access === 'none' || route.access === 'platform' ? key[route.access] : `\`${route.access}\``;
    expect(operation.description).toContain(needed);
    for (const [status, { contentType = 'application/json', schema }] of Object.entries(route.answers)) {
      const content = operation.responses[status]?.content;
      const isEmpty = schema === undefined && contentType === 'application/json';
      expect(Object.keys(content ?? {})).toEqual(isEmpty ? [] : [contentType]);
    }
  },
);

test.each(allRoutes.map((route) => [route.id, route] as const))(
  '%s is documented with every refusal, each by an example',
  (_, route) => {
    const codes = new Set(route.errors);
    if (route.access !== 'none') codes.add('unauthenticated').add('unavailable').add('internal_error');
    if (route.access === 'read' || route.access === 'write' || route.access === 'admin')
      codes.add('forbidden').add('rate_limited');
    if (route.params !== undefined || route.query !== undefined) codes.add('invalid_request');
    if (route.body !== undefined) codes.add('invalid_request').add('payload_too_large');
    if (isAnswerLimited(route)) codes.add('payload_too_large');
    for (const code of codes) {
      const { status, title } = errorCodes[code];
      const example = operationOf(route).responses[status]?.content?.['application/problem+json']?.examples?.[code];
      expect(example?.value).toMatchObject({ status, title, code });
    }
  },
);

test.each(allRoutes.map((route) => [route.id, route] as const))(
  '%s is documented with the headers of limits where a limit may hold',
  (_, route) => {
    const { responses } = operationOf(route);
    const limits = isRateLimited(route) ? ['RateLimit', 'RateLimit-Policy'] : [];
    for (const status of Object.keys(route.answers)) {
      expect(Object.keys(responses[status]?.headers ?? {}).sort()).toEqual(limits);
    }
    const refused = Object.keys(responses['429']?.headers ?? {}).sort();
    expect(refused).toEqual(isRateLimited(route) ? [...limits, 'Retry-After'] : []);
  },
);

/** What the tests of wrong requests get is what they prove to be answered. */
test('no wrong request is answered with a code that its route does not document', () => {
  const undocumented: string[] = [];
  let compared = 0;
  for (const { method = 'POST', path, code, title } of wrongRequests.flatMap(([, requests]) => requests)) {
    const [pathname = ''] = path.split('?', 1);
    const route = routeOf(method.toLowerCase(), pathname);
    if (route === undefined) continue;
    compared += 1;
    const problem = operationOf(route).responses[errorCodes[code].status]?.content?.['application/problem+json'];
    if (problem?.examples?.[code] === undefined) undocumented.push(`${route.id} ${code}: ${title}`);
  }
  expect(undocumented).toEqual([]);
  expect(compared).toBeGreaterThan(1000);
});

function routeOf(method: string, pathname: string) {
  const fits = allRoutes.filter(
    (route) => route.method === method && new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  return fits.find(({ path }) => path === pathname) ?? fits[0];
}

test('every body has an example that its route takes, and every example of an answer has its shape', () => {
  const bodies = allRoutes.flatMap(({ body }) => (body === undefined ? [] : [body]));
  const answers = allRoutes.flatMap((route) =>
    Object.values(route.answers).flatMap(({ schema }) => (schema === undefined ? [] : [schema])),
  );
  for (const body of bodies) {
    const examples = z.globalRegistry.get(body)?.examples ?? [];
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(body.safeParse(example).error).toBeUndefined();
  }
  const withExamples = answers.filter((schema) => z.globalRegistry.get(schema)?.examples !== undefined);
  expect(withExamples.length).toBeGreaterThan(5);
  for (const schema of withExamples)
    for (const example of z.globalRegistry.get(schema)?.examples ?? []) expect(schema.parse(example)).toEqual(example);
});

test('the page of the reference loads nothing from elsewhere, and what it names is served', async () => {
  const page = await store.get('/docs', { key: null });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const addresses = [...page.text.matchAll(/(?:src|href|url)\s*[=:]\s*["']([^"']+)["']/g)].map(
    ([, address = '']) => address,
  );
  expect(addresses).toEqual(['data:,', '/docs/reference.js', '/openapi.json']);
  expect(page.text).not.toMatch(/https?:|\/\/[a-z]/);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toMatch(/https?:|\*/);
  for (const address of addresses.slice(1)) expect((await store.get(address, { key: null })).status).toBe(200);
});

test('the script of the reference is the whole one of the package', async () => {
  const script = await store.get('/docs/reference.js', { key: null });
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(script.text.length).toBeGreaterThan(1_000_000);
  expect(script.text).toContain('createApiReference');
});
