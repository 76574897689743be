import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { isAwsAway } from '../../../shared/platform/aws.ts';
import { type AwsJson, type AwsJsonOptions, createAwsJson } from '../../../shared/platform/aws-json.ts';
import { naiveAuthorization } from './naive-signature.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

const answers = (status: number, body: object | string = {}, headers: Record<string, string> = {}): Answer => {
  return (response) => response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
};
const cuts: Answer = (response) => response.destroy();
const done = answers(200, { done: true });
const throttled = answers(400, { __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException' });

/** A caller of a server that answers its requests by turns; the last answer is given from then on. */
async function callerOf(turns: readonly Answer[], options: Partial<AwsJsonOptions> = {}) {
  const requests: { request: IncomingMessage; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const answer = turns[Math.min(requests.length, turns.length - 1)];
    requests.push({ request, body: await text(request) });
    answer?.(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const aws: AwsJson = createAwsJson({
    ...{ service: 'dynamodb', target: 'DynamoDB_20120810', version: '1.0', region: 'eu-central-1', credentials },
    ...{ endpoint: `http://127.0.0.1:${port}` },
    ...options,
  });
  onTestFinished(async () => {
    aws.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const call = (): Promise<unknown> => aws.call('GetItem', { TableName: 'tänants' });
  return { call, requests, host: `127.0.0.1:${port}` };
}

test('the naive signature is that of AWS’s own test suite', () => {
  const headers = { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' };
  const request = { method: 'POST', path: '/', headers, body: '' };
  const scope = { ...credentials, region: 'us-east-1', service: 'service' };
  // Its post-vanilla.
  expect(naiveAuthorization(request, Object.keys(headers), scope)).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
      'Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  );
});

test.each([
  ['of a role', { sessionToken: 'the+token/of=a role' }, ['x-amz-security-token']],
  ['of a user', {}, []],
])('a request is signed as AWS asks for it, with credentials %s', async (_, ofSession, furtherHeaders) => {
  const { call, requests, host } = await callerOf([done], { credentials: { ...credentials, ...ofSession } });
  expect(await call()).toEqual({ done: true });
  const [first] = requests;
  const { method = '', url: path = '', headers: given } = first?.request ?? {};
  const headers = z.record(z.string(), z.string()).parse(given);
  expect(headers).toMatchObject({
    host,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.GetItem',
  });
  const body = first?.body ?? '';
  expect(JSON.parse(body)).toEqual({ TableName: 'tänants' });
  const signedHeaders = ['content-type', 'host', 'x-amz-date', 'x-amz-target', ...furtherHeaders];
  expect(headers.authorization).toBe(
    naiveAuthorization({ method, path, headers, body }, signedHeaders, {
      ...{ ...credentials, region: 'eu-central-1', service: 'dynamodb' },
    }),
  );
});

test.each([
  ['a connection that is cut', cuts],
  ['an answer that is cut', (response: ServerResponse) => response.writeHead(200, { 'content-length': '9' }).destroy()],
  ['an error of the service', answers(500, { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' })],
  ['a server before it that says nothing we know', answers(503, '<html>busy</html>')],
  ['a call that is throttled', throttled],
  [
    'a table that is too busy',
    answers(400, {}, { 'x-amzn-errortype': 'ProvisionedThroughputExceededException:http://x' }),
  ],
])('a call is made again after %s', async (_, fault) => {
  const { call, requests } = await callerOf([fault, fault, done]);
  expect(await call()).toEqual({ done: true });
  expect(requests).toHaveLength(3);
});

test('a call is made three times at most, and then rejects with what the last found', async () => {
  const { call, requests } = await callerOf([
    cuts,
    throttled,
    answers(500, { __type: 'InternalFailure', message: 'oh' }),
    done,
  ]);
  const error = await call().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'InternalFailure', message: 'oh' });
  expect(isAwsAway(error)).toBe(true);
  expect(requests).toHaveLength(3);
});

test.each([
  [
    'by its body',
    answers(400, { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message: 'none' }),
  ],
  ['with a capital', answers(400, { __type: 'ResourceNotFoundException', Message: 'none' })],
  ['by a header', answers(400, { message: 'none' }, { 'x-amzn-errortype': 'ResourceNotFoundException:http://x' })],
])(
  'a call that is refused is made once, and rejects with the name and the message of the exception: %s',
  async (_, refuses) => {
    const { call, requests } = await callerOf([refuses, done]);
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ResourceNotFoundException', message: 'none' });
    expect(isAwsAway(error)).toBe(false);
    expect(requests).toHaveLength(1);
  },
);

test.each([
  ['is silent', () => {}],
  ['begins to answer and says no more', (response: ServerResponse) => response.writeHead(200).write('{')],
])('an attempt ends in time where the server takes the request and %s', async (_, stalls) => {
  const { call, requests } = await callerOf([stalls], { attemptMillis: 50 });
  const startedAt = performance.now();
  const error = await call().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('within 50 ms') });
  expect(isAwsAway(error)).toBe(true);
  expect(requests).toHaveLength(3);
  // Three of 50 ms, with pauses of up to 150 ms between them, on a busy machine.
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test('retries come out of a budget, so that an outage is not asked three times as often', async () => {
  let isAway = true;
  const { call, requests } = await callerOf([(response, request) => (isAway ? throttled : done)(response, request)]);
  const failed = await Promise.allSettled(Array.from({ length: 60 }, call));
  expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(requests).toHaveLength(60 + 35);
  await expect(call()).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(requests).toHaveLength(60 + 35 + 1);

  isAway = false;
  for (let called = 0; called < 14; called++) await call();
  isAway = true;
  requests.length = 0;
  await expect(call()).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect(requests).toHaveLength(2);
});

test('calls one after the other share a connection', async () => {
  const { call, requests } = await callerOf([done]);
  for (let called = 0; called < 5; called++) await call();
  expect(new Set(requests.map(({ request }) => request.socket)).size).toBe(1);
});
