import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';

export interface TextAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface PostText {
  /**
   * The answer to a POST, whatever its status. Rejects with Node's error where there is no connection or it breaks, and with a
   * `TimeoutError` where the answer is not there to its end in time.
   */
  post(headers: Readonly<Record<string, string>>, body: string): Promise<TextAnswer>;
  /** Ends the connections that are kept. */
  close(): void;
}

/**
 * Posts texts to one address over connections that are kept. By Node's own client: the first `fetch` of a process is 25 to
 * 50 ms. `timeoutMillis` is for all of it, from the connection to the last byte.
 */
export function createPostText(url: URL, { timeoutMillis }: { readonly timeoutMillis: number }): PostText {
  const isSecure = url.protocol === 'https:';
  const agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const send: (url: URL, options: RequestOptions) => ClientRequest = isSecure ? httpsRequest : httpRequest;

  return {
    post: (headers, body) => {
      const { promise, resolve, reject } = Promise.withResolvers<TextAnswer>();
      const sent = send(url, { method: 'POST', agent, headers });
      const timer = setTimeout(() => sent.destroy(late(url, timeoutMillis)), timeoutMillis);
      sent.on('error', reject);
      sent.on('response', (response) => {
        const { statusCode = 0, headers } = response;
        text(response).then((read) => resolve({ status: statusCode, headers, text: read }), reject);
      });
      sent.end(body);
      return promise.finally(() => clearTimeout(timer));
    },
    close: () => agent.destroy(),
  };
}

function late({ host }: URL, timeoutMillis: number): Error {
  return Object.assign(new Error(`${host} did not answer within ${timeoutMillis} ms`), { name: 'TimeoutError' });
}
