import type { Redis } from 'ioredis';

const gathering = new WeakMap<object, number>();

/**
 * Calls whose commands are gathered before they leave, so that the server has something to do while the next are made: with all of
 * 32 reads of windows in one packet, it and this process wait for each other a fifth of the time.
 */
const mostCalls = 8;

/**
 * Holds back what is written to the connection until this turn of the event loop has read all its sockets, so that the
 * commands of all requests that arrived together leave in one system call. A write to a socket is the dearest thing in a
 * read: 30 % of a request under load (docs/adr/0006). A request that comes alone waits for nothing.
 */
export function gatherWrites({ stream }: Pick<Redis, 'stream'>): void {
  if (stream === undefined) return;
  const calls = gathering.get(stream);
  if (calls === undefined) {
    stream.cork();
    gathering.set(stream, 1);
    setImmediate(() => {
      gathering.delete(stream);
      stream.uncork();
    });
  } else if (calls === mostCalls) {
    stream.uncork();
    stream.cork();
    gathering.set(stream, 1);
  } else gathering.set(stream, calls + 1);
}
