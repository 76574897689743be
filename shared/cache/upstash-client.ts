import type { Redis } from '@upstash/redis/cloudflare';
import { bulkhead } from 'cockatiel';
import type { RedisClient } from './redis-client.ts';
import { failureOf, isBroken } from './upstash-failure.ts';
import { addCommands, type UpstashCommand } from './upstash-pipeline.ts';
import { resultsOf } from './upstash-results.ts';

export interface UpstashAddress {
  readonly url: string;
  readonly token: string;
}

export interface Upstash {
  /** What sends until the signal ends it. */
  client(signal: AbortSignal): RedisClient;
  /** Nothing is sent any more. What is under way ends with its signal. */
  close(): void;
}

/** Others wait: Node's fetch opens a connection for each request at once, and TLS for 500 costs more time than they have. */
const requestsAtOnce = 64;

/** Connections that one call may find broken before it gives up: those that the first ping and the first read left idle. */
const mostBroken = 2;

/**
 * Upstash's REST interface by its own client: docs/adr/0017 says how each option was chosen. Loaded when there is an Upstash, so
 * that functions without one do not make the package's 238 classes at their start.
 */
export function connectUpstash({ url, token }: UpstashAddress): Upstash {
  /** The package asks for the signal of a request while `exec` is being called, and has no other way to be given one. */
  let signalOfNext: AbortSignal | undefined;
  const loading = import('@upstash/redis/cloudflare').then(
    (upstash): Redis =>
      new upstash.Redis({
        url,
        token,
        // `false` would send twice what fails: the package counts its attempts from 0 to 1.
        retry: { retries: 0 },
        // Texts as they are: an HMGET would be an object of parsed values else.
        automaticDeserialization: false,
        // Base64 is for bytes that are no UTF-8, and the cache holds none.
        responseEncoding: false,
        enableTelemetry: false,
        // As a function: of a signal that is none an abort is answered as `{result: 'Aborted'}`.
        signal: () => signalOfNext ?? AbortSignal.abort(),
      }),
  );
  const requests = bulkhead(requestsAtOnce, Number.POSITIVE_INFINITY);
  let isClosed = false;
  /** Whether connections may lie idle in the pool of Node's fetch, where the other side may have closed them. */
  let mayLieIdle = false;

  async function send(commands: readonly UpstashCommand[], signal: AbortSignal): Promise<unknown[]> {
    const pipeline = (await loading).pipeline();
    if (isClosed) throw new Error('The cache is closed');
    addCommands(pipeline, commands);
    const outcomes = await exec(() => {
      const request = (): Promise<unknown[]> => {
        signalOfNext = signal;
        return pipeline.exec({ keepErrors: true });
      };
      return requests.execute(request, signal);
    });
    return resultsOf(outcomes, commands);
  }

  /**
   * Again where the connection had broken while it lay idle, as of a function that was frozen: that is no failure of Upstash, and
   * most of what the cache sends changes nothing a second time.
   */
  async function exec<T>(request: () => Promise<T>): Promise<T> {
    for (let left = mayLieIdle ? mostBroken : 0; ; left -= 1) {
      try {
        const outcome = await request();
        mayLieIdle = true;
        return outcome;
      } catch (error) {
        if (left > 0 && isBroken(error)) continue;
        if (isBroken(error)) mayLieIdle = false;
        throw failureOf(error);
      }
    }
  }

  return {
    client: (signal) => ({
      slotOf: () => 0,
      send: (commands) => send(commands, signal),
      ping: async () => {
        await send([{ name: 'ping' }], signal);
      },
    }),
    close: () => {
      isClosed = true;
    },
  };
}
