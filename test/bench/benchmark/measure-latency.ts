import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ApiClient } from '../support/api-client.ts';
import { ExplainedError } from '../support/explained-error.ts';
import type { LoadResult } from '../support/load.ts';

/** A new process has compiled its path after so many, which are not counted. */
const warmUps = 200;

/**
 * Reads one after the other on one connection, each from the first byte sent to the last received. By Node's own client: fetch
 * adds a third of a millisecond.
 */
export async function measureLatency(client: ApiClient, bodyOf: () => string, requests: number): Promise<LoadResult> {
  const isSecure = client.url.startsWith('https:');
  const agent = isSecure ? new HttpsAgent(keptAlive) : new HttpAgent(keptAlive);
  const send = (): Promise<number> => sendOne(client, isSecure ? httpsRequest : httpRequest, agent, bodyOf());
  try {
    for (let warmUp = 0; warmUp < warmUps; warmUp++) await send();
    const startedAt = performance.now();
    const millis: number[] = [];
    for (let sent = 0; sent < requests; sent++) millis.push(await send());
    const seconds = (performance.now() - startedAt) / 1000;
    millis.sort((a, b) => a - b);
    return { rps: requests / seconds, p50Millis: percentile(millis, 0.5), p99Millis: percentile(millis, 0.99) };
  } finally {
    agent.destroy();
  }
}

const keptAlive = { keepAlive: true, maxSockets: 1 };

/** Answers the milliseconds that it took. */
function sendOne(
  { url, headers }: ApiClient,
  request: typeof httpRequest,
  agent: HttpAgent,
  body: string,
): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new ExplainedError(`${url} stopped answering: ${error.message}`));
    const sent = request(`${url}/api/v1/features/online`, {
      agent,
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    sent.on('error', fail).on('response', (response) => {
      response.on('error', fail).on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedAt);
        else reject(new ExplainedError(`a read was answered with ${response.statusCode}: it has no speed`));
      });
      response.resume();
    });
    sent.end(body);
  });
}

/** The smallest that so large a part is not above. */
function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}
