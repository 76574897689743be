import * as z from 'zod';
import { ExplainedError } from './explained-error.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly json: unknown;
}

export interface ApiClient {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Throws an ExplainedError where nothing answers, or the key is none; other statuses are answered. */
  send(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<ApiAnswer>;
  /** The same, but anything other than a 2xx is explained. */
  post(path: string, body: unknown): Promise<unknown>;
}

/** Of whichever deployment, as the holder of a key. */
export function createApiClient(url: string, apiKey: string): ApiClient {
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };

  const send: ApiClient['send'] = async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url + path, { method, headers, ...sent }).catch((error: unknown) => {
      throw new ExplainedError(
        `Nothing answers at ${url} (${reasonOf(error)}): start it with npm start, or give --url.`,
      );
    });
    const json = parse(await response.text());
    if (response.status === 401) throw new ExplainedError(`${url} does not know the API key: give one by --api-key.`);
    return { status: response.status, json };
  };

  const post = async (path: string, body: unknown): Promise<unknown> => {
    const { status, json } = await send('POST', path, body);
    if (status < 200 || status > 299) throw new ExplainedError(`${url}${path} answered ${status}: ${detailOf(json)}`);
    return json;
  };

  return { url, headers, send, post };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const problem = z.object({ detail: z.string() });

function detailOf(json: unknown): string {
  const { success, data } = problem.safeParse(json);
  return success ? data.detail : 'it may be no feature store.';
}

/** What fetch says itself is "fetch failed"; the reason is its cause, of an address with two families one for each. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  if (first instanceof Error) return 'code' in first ? String(first.code) : first.message;
  return error instanceof Error ? error.message : String(error);
}
