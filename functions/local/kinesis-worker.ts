import { Server } from 'node:net';

// kinesis-local listens on all addresses and has no setting for it. It asks for no signature, so on a laptop it is for this
// machine alone.
Server.prototype.listen = new Proxy(Server.prototype.listen, {
  apply: (listen, server, [port, ...rest]: unknown[]) =>
    Reflect.apply(listen, server, [port, '127.0.0.1', ...rest.filter((argument) => typeof argument === 'function')]),
});
await import('kinesis-local');
