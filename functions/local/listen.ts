import { createServer, type Server } from 'node:net';
import { StartError } from './start-error.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Says that a port is taken before the sample data is written, which takes seconds, and not after. */
export async function refuseTakenPort(address: Address): Promise<void> {
  const probe = createServer();
  await listen(probe, address);
  await new Promise((resolve) => probe.close(resolve));
}

/** Listens, and answers the port: 0 asks for any. Throws a StartError where the address cannot be had. */
export function listen(server: Server, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(new StartError(explain(error, address), error));
    server.once('error', onError);
    server.listen(address.port, address.host, () => {
      server.off('error', onError);
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
    });
  });
}

function explain(error: Error, { host, port }: Address): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there, or set PORT to another.`;
  if (code === 'EACCES') return `Port ${port} is not for this user: set PORT to one above 1023.`;
  return `HOST ${JSON.stringify(host)} is no address of this machine (${error.message}).`;
}
