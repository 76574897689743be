import fc from 'fast-check';
import { type Context, Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { describe, expect, test } from 'vitest';
import { answerGateway, gatewayResponse } from '../../../functions/http/answer-gateway.ts';
import type { SentAnswer } from '../../../functions/http/http-answer.ts';
import { readBody, readParams, readQuery } from '../../../functions/http/parse-request.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';

/** Answers what a route can read of its request. */
function echo(toResponse: (sent: SentAnswer) => Response): Hono {
  const hono = new Hono();
  const answer = async (c: Context) => {
    const attempt = async (read: () => unknown) => {
      try {
        return await read();
      } catch (error) {
        return String(error);
      }
    };
    const seen = {
      method: c.req.method,
      url: c.req.url,
      path: c.req.path,
      params: await attempt(() => readParams(c)),
      query: await attempt(() => readQuery(c)),
      key: c.req.header('X-Api-Key'),
      traced: c.req.header('traceparent') ?? null,
      body: await attempt(() => readBody(c)),
    };
    return toResponse({ status: 207, headers: { 'content-type': 'application/json' }, body: JSON.stringify(seen) });
  };
  hono.on(['GET', 'POST', 'DELETE'], '/api/:name/items/:id', answer);
  hono.get('/own', (c) => c.body('by Hono', 200, { 'content-type': 'text/javascript' }));
  hono.get('/throws', () => {
    throw new Error('of a route');
  });
  hono.get('/packed', () =>
    toResponse({ status: 200, headers: { 'content-encoding': 'gzip' }, body: new Uint8Array([1, 255, 0]) }),
  );
  hono.get('/empty', () => toResponse({ status: 204, headers: { 'x-request-id': 'a' }, body: null }));
  return hono;
}

const fetchResponse = ({ status, headers, body }: SentAnswer): Response => new Response(body, { status, headers });
const ours = answerGateway({ hono: echo(gatewayResponse) });
const honos = handle(echo(fetchResponse));

type Event = ReturnType<typeof gatewayEvent>;
const byHono = (event: Event) => honos(event as unknown as Parameters<typeof honos>[0]);

describe('answers as hono/aws-lambda does', () => {
  test.each([
    ['a body', { method: 'POST', path: '/api/a/items/1', key: 'k', body: { text: 'ä' } }],
    ['no body', { method: 'POST', path: '/api/a/items/1' }],
    ['HEAD', { method: 'HEAD', path: '/api/a/items/1' }],
    ['a parameter that is escaped', { method: 'GET', path: '/api/a%2Fb/items/%C3%A4?limit=1&q=a+b%26' }],
    ['a parameter that cannot be decoded', { method: 'DELETE', path: '/api/a/items/%FF' }],
    ['a path that climbs', { method: 'GET', path: '/api/x/../a/items/./1' }],
    ['a parameter twice', { method: 'GET', path: '/api/a/items/1?q=1&q=2' }],
    ['a path of no route', { method: 'GET', path: '/nowhere' }],
    ['a method of no route', { method: 'PUT', path: '/api/a/items/1' }],
    ['an answer by Hono itself', { method: 'GET', path: '/own' }],
    ['a route that throws', { method: 'GET', path: '/throws' }],
    ['an answer of bytes', { method: 'GET', path: '/packed' }],
    ['an answer without a body', { method: 'GET', path: '/empty' }],
  ])('%s', async (_, call) => {
    const event = gatewayEvent(call);
    expect(await ours(event)).toEqual(await byHono(event));
  });

  test('any path, query and header', async () => {
    const text = fc.string({ unit: 'grapheme-ascii' });
    const event = fc.record({ name: text, id: text, query: text, trace: fc.stringMatching(/^[\x21-\x7e]{1,40}$/) });
    await fc.assert(
      fc.asyncProperty(event, async ({ name, id, query, trace }) => {
        const path = `/api/${name}/items/${encodeURIComponent(id)}?${query}`;
        const asked = gatewayEvent({ method: 'GET', path, key: 'a key', headers: { traceparent: trace } });
        expect(await ours(asked)).toEqual(await byHono(asked));
      }),
      { numRuns: 500 },
    );
  });
});

test('a body that is text and one in base64 are read alike', async () => {
  const event = gatewayEvent({ method: 'POST', path: '/api/a/items/1' });
  const asText = await ours({ ...event, body: '{"é":1}', isBase64Encoded: false });
  const asBase64 = await ours({ ...event, body: Buffer.from('{"é":1}').toString('base64'), isBase64Encoded: true });
  expect(asText).toEqual(asBase64);
  expect(JSON.parse(asText.body)).toMatchObject({ body: '{"é":1}' });
});

test('an address that is no URL is a problem with a code', async () => {
  const event = gatewayEvent({ method: 'GET', path: '/own' });
  const answer = await ours({ ...event, requestContext: { ...event.requestContext, domainName: 'a b' } });
  expect(answer).toMatchObject({ statusCode: 400, headers: { 'content-type': 'application/problem+json' } });
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_request' });
});
