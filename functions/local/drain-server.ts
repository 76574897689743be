import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** Milliseconds in which a client that goes on asking hears that its connection ends, before connections at rest are closed. */
const graceMillis = 500;

/**
 * Takes no new connection, and resolves when the last is closed. Requests under way are answered, and those that come on
 * connections that stand, each with `Connection: close`: closing such a connection, as `server.close()` does with those at rest,
 * would lose the request that is just being sent on it. What is still open after `patienceMillis` is cut: a client that never
 * ends its request.
 */
export async function drainServer(server: Server, patienceMillis: number): Promise<void> {
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  let closing: NodeJS.Timeout | undefined;
  const grace = setTimeout(() => {
    server.closeIdleConnections();
    closing = setInterval(() => server.closeIdleConnections(), 50);
  }, graceMillis);
  const impatience = setTimeout(() => server.closeAllConnections(), patienceMillis);
  await new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  clearTimeout(grace);
  clearInterval(closing);
  clearTimeout(impatience);
}
