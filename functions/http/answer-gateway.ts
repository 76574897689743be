import { randomUUID } from 'node:crypto';
import { FeatureStoreError } from '../../shared/contract/errors.ts';
import type { FunctionApp } from './create-app.ts';
import { type GatewayEvent, gatewayRequest } from './gateway-request.ts';
import type { SentAnswer } from './http-answer.ts';
import { problemAnswer } from './http-problem.ts';

/** What an HTTP API takes for an answer. */
export interface GatewayResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/**
 * The entry of a function behind an HTTP API. In place of hono/aws-lambda, whose Request and Response load all of Node's fetch
 * (docs/adr/0020): an app that answers by `gatewayResponse` needs neither.
 */
export function answerGateway({ hono }: Pick<FunctionApp, 'hono'>): (event: GatewayEvent) => Promise<GatewayResult> {
  return async (event) => {
    let request: Request;
    try {
      request = gatewayRequest(event);
    } catch {
      const {
        status,
        text = '',
        headers = {},
      } = problemAnswer(new FeatureStoreError('invalid_request', 'the URL is not valid'), randomUUID());
      return toResult({ status, headers, body: text });
    }
    const response = await hono.fetch(request, { event });
    return toResult(response instanceof GatewayResponse ? response : await readResponse(response));
  };
}

/** An answer as routes on Lambda hand it to Hono, which passes on what it is given; of HEAD it reads status and headers. */
export function gatewayResponse(sent: SentAnswer): Response {
  // All that a Response has beside it is made for clients of fetch.
  return new GatewayResponse(sent) as unknown as Response;
}

class GatewayResponse implements SentAnswer {
  readonly status: SentAnswer['status'];
  readonly headers: SentAnswer['headers'];
  readonly body: SentAnswer['body'];

  constructor({ status, headers, body }: SentAnswer) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** Of a route that answers by Hono's own means, and of HEAD. */
async function readResponse(response: Response): Promise<SentAnswer> {
  const { status, headers } = response;
  const isEncoded = headers.has('content-encoding');
  const body = isEncoded ? new Uint8Array(await response.arrayBuffer()) : await response.text();
  return { status, headers: Object.fromEntries(headers), body };
}

function toResult({ status, headers, body }: SentAnswer): GatewayResult {
  const isBase64Encoded = body instanceof Uint8Array;
  return {
    statusCode: status,
    headers,
    body: isBase64Encoded ? Buffer.from(body).toString('base64') : (body ?? ''),
    isBase64Encoded,
  };
}
