import type { Redis } from 'ioredis';
import type { RedisCommand } from './redis-client.ts';

interface Gathered {
  arguments: number;
  /** When the first of them was made. */
  sinceMillis: number;
}

const gathering = new WeakMap<object, Gathered>();

/**
 * Arguments that are gathered before they leave, so that the server has something to do while the next commands are made: with all of
 * 32 reads of windows in one packet, of some 60 fields each, it and this process wait for each other a fifth of the time.
 */
const mostArguments = 512;

/** A turn in which a thousand requests arrive may last longer than the cache is given to answer. */
const mostMillis = 20;

/**
 * Holds back what is written to the connection until this turn of the event loop has read all its sockets, so that the
 * commands of all requests that arrived together leave in one system call. A write to a socket is the dearest thing in a
 * read: 30 % of a request under load (docs/adr/0006). A request that comes alone waits for nothing.
 */
export function gatherWrites({ stream }: Pick<Redis, 'stream'>, commands: readonly RedisCommand[]): void {
  if (stream === undefined) return;
  let added = 0;
  for (const { args } of commands) added += args.length;
  const nowMillis = performance.now();
  const gathered = gathering.get(stream);
  if (gathered === undefined) {
    stream.cork();
    gathering.set(stream, { arguments: added, sinceMillis: nowMillis });
    setImmediate(() => {
      gathering.delete(stream);
      stream.uncork();
    });
  } else if (gathered.arguments >= mostArguments || nowMillis - gathered.sinceMillis >= mostMillis) {
    stream.uncork();
    stream.cork();
    gathering.set(stream, { arguments: added, sinceMillis: nowMillis });
  } else gathered.arguments += added;
}
