import { Agent as HttpAgent, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { RedisClient, RedisCommand } from './redis-client.ts';
import { errorOf, resultsOf } from './upstash-answer.ts';

export interface UpstashAddress {
  readonly url: string;
  readonly token: string;
  readonly maxAnswerBytes: number;
}

export interface Upstash {
  /** What sends until the signal ends it. */
  client(signal: AbortSignal): RedisClient;
  /** Drops all connections, and what was sent on them. */
  close(): void;
}

type UpstashCommand = Pick<RedisCommand, 'args' | 'mayFail'> & { readonly name: string };

/** Requests at once, each on a connection of its own; others wait for one. */
const mostConnections = 64;

/**
 * Upstash's REST interface, on Node's own HTTP. Not by @upstash/redis, and why: docs/adr/0017.
 *
 * Texts come as JSON and not in base64, which is for bytes that are no UTF-8: all that the cache holds is UTF-8, and base64
 * cost 6 to 13 % of the reads of a hundred entities a second.
 */
export function connectUpstash({ url, token, maxAnswerBytes }: UpstashAddress): Upstash {
  const address = new URL(`${url.replace(/\/$/, '')}/pipeline`);
  const isTls = address.protocol === 'https:';
  const settings = { keepAlive: true, maxSockets: mostConnections };
  const agent = isTls ? new HttpsAgent(settings) : new HttpAgent(settings);
  const request = isTls ? requestHttps : requestHttp;
  const headers: OutgoingHttpHeaders = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  let isClosed = false;

  function post(body: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      if (isClosed) throw new Error('The cache is closed');
      const sent = request(address, {
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal,
      });
      let isAnswered = false;
      sent.on('response', (response) => {
        isAnswered = true;
        resolve(response);
      });
      sent.on('error', (error) => {
        // The other side had closed a connection that lay idle, as of a function that was frozen. That is no failure of
        // Upstash, and most of what the cache sends changes nothing a second time.
        if (sent.reusedSocket && !isAnswered && isReset(error)) resolve(post(body, signal));
        else reject(error);
      });
      sent.end(body);
    });
  }

  async function pipeline(commands: readonly UpstashCommand[], signal: AbortSignal): Promise<unknown[]> {
    const response = await post(JSON.stringify(commands.map(({ name, args }) => [name, ...args])), signal);
    const text = await textOf(response, maxAnswerBytes);
    if (response.statusCode !== 200) throw new Error(`Upstash answered ${response.statusCode}: ${errorOf(text)}`);
    // A replica that has not yet what this process has written or seen waits for it.
    const syncToken = response.headers['upstash-sync-token'];
    if (syncToken !== undefined) headers['upstash-sync-token'] = syncToken;
    return resultsOf(text, commands);
  }

  return {
    client: (signal) => ({
      slotOf: () => 0,
      send: (commands) => pipeline(commands, signal),
      ping: async () => {
        await pipeline([{ name: 'ping', args: [] }], signal);
      },
    }),
    close: () => {
      isClosed = true;
      agent.destroy();
    },
  };
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function textOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) response.destroy(new Error(`Upstash answered more than ${maxBytes} bytes`));
    });
    response.on('end', () => resolve(Buffer.concat(chunks, bytes).toString()));
    response.on('error', reject);
  });
}
