import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../support/free-port.ts';

/** What becomes of what a client has sent. */
export type Fate =
  | 'pass'
  /** The connection is cut, and nothing of it reaches the server. */
  | 'cut before'
  /** The server gets it and does it, and the connection is cut before the client hears. */
  | 'cut answer'
  /** The server gets the first half of it, then the connection is cut. */
  | 'cut half'
  /** It waits until the promise is kept. */
  | Promise<void>;

/** A connection through the proxy, to tell it apart. */
export interface ProxiedConnection {
  /** What the server sees as the client's port. */
  serverSidePort(): number;
}

export interface CuttingProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** Stands between clients and a server, and does with each piece that a client sends what `judge` says. */
export async function startCuttingProxy(
  serverPort: number,
  judge: (bytes: Buffer, connection: ProxiedConnection) => Fate,
): Promise<CuttingProxy> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1');
    const connection = { serverSidePort: () => upstream.localPort ?? 0 };
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket.on('error', () => {}).on('close', cut));
      socket.on('close', () => sockets.delete(socket));
    }
    let isAnswerCut = false;
    upstream.on('data', (bytes) => (isAnswerCut ? cut() : client.write(bytes)));
    client.on('data', (bytes) => {
      const fate = judge(bytes, connection);
      if (fate === 'cut before') return cut();
      if (fate === 'cut half') {
        upstream.end(bytes.subarray(0, bytes.length / 2));
        return client.destroy();
      }
      if (fate === 'cut answer') isAnswerCut = true;
      if (typeof fate === 'string') return void upstream.write(bytes);
      client.pause();
      fate.finally(() => {
        upstream.write(bytes);
        client.resume();
      });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
