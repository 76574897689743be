import type { Redis } from 'ioredis';

const gathering = new WeakSet<object>();

/**
 * Holds back what is written to the connection until this turn of the event loop has read all its sockets, so that the
 * commands of all requests that arrived together leave in one system call. A write to a socket is the dearest thing in a
 * read: 30 % of a request under load (docs/adr/0006). A request that comes alone waits for nothing.
 */
export function gatherWrites({ stream }: Pick<Redis, 'stream'>): void {
  if (stream === undefined || gathering.has(stream)) return;
  gathering.add(stream);
  stream.cork();
  setImmediate(() => {
    gathering.delete(stream);
    stream.uncork();
  });
}
