import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../support/free-port.ts';

export interface Gate {
  readonly port: number;
  /** From now on nothing that a client sends passes; connections stay open. */
  hold(): void;
  stop(): Promise<void>;
}

/**
 * Stands between a process and a server, to withhold what the process sends. A server that is only frozen would find it in
 * its socket when it goes on, even of a process that is dead by then.
 */
export async function startGate(serverPort: number): Promise<Gate> {
  const port = await freePort();
  const sockets = new Set<Socket>();
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
    client.on('data', (bytes) => {
      if (!isHeld) upstream.write(bytes);
    });
    upstream.pipe(client);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port,
    hold: () => {
      isHeld = true;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
