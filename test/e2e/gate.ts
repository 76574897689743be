import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../support/free-port.ts';

export interface Gate {
  readonly port: number;
  /** From now on nothing that a client sends passes, until `open()`; connections are taken and stay. */
  hold(): void;
  open(): void;
  stop(): Promise<void>;
}

/**
 * Stands between a process and a server, to withhold what the process sends. A server that is only frozen would find it in
 * its socket when it goes on, even of a process that is dead by then.
 */
export async function startGate(serverPort: number, givenPort?: number): Promise<Gate> {
  const port = givenPort ?? (await freePort());
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let isHeld = false;
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    clients.add(client);
    client.on('data', (bytes) => upstream.write(bytes)).on('close', () => clients.delete(client));
    if (isHeld) client.pause();
    upstream.pipe(client);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port,
    hold: () => {
      isHeld = true;
      for (const client of clients) client.pause();
    },
    open: () => {
      isHeld = false;
      for (const client of clients) client.resume();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
