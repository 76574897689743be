import { once } from 'node:events';
import dynalite from 'dynalite';
import { freePort } from './free-port.ts';

export interface DynaliteServer {
  /** `http://127.0.0.1:port`, for `DynamoDBClient({ endpoint })` with any region and credentials. */
  url: string;
  stop(): Promise<void>;
}

/** DynamoDB in this process, in memory. It has no transactions, no TTL call and no item on a failed condition. */
export async function startDynalite(): Promise<DynaliteServer> {
  const port = await freePort();
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        // Kept-alive connections of clients that were not ended would hold up the close.
        server.closeAllConnections();
      }),
  };
}
