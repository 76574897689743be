import { connect, type Socket } from 'node:net';
import { ExplainedError } from './explained-error.ts';
import type { LoadOptions } from './load.ts';

export interface PacedLoadOptions extends LoadOptions {
  readonly bodies: readonly string[];
  /** Requests a second, whatever the answers take. */
  readonly perSecond: number;
}

export interface Latencies {
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/**
 * Sends requests at a steady rate, some each millisecond, and answers how long each took from the moment that it was due: a
 * request that waits for a connection waits as a user would. Over bare sockets, since at half of what a server can do a client of
 * node:http would be the slower one. Throws when any answer is not 200.
 */
export async function runPacedLoad(options: PacedLoadOptions): Promise<Latencies> {
  const { url, connections, seconds, perSecond } = options;
  const { hostname, port } = new URL(url);
  const requests = options.bodies.map((body) => requestText(options, body));
  const latencies: number[] = [];
  const waiting: number[] = [];
  const free: Sender[] = [];
  let failure: Error | undefined;
  let sent = 0;

  const sockets = Array.from({ length: connections }, () =>
    connect({ host: hostname, port: Number(port), noDelay: true }),
  );
  const sendNext = (sender: Sender): void => {
    const due = waiting.shift();
    if (due === undefined) free.push(sender);
    else sender.send(requests[sent++ % requests.length] ?? '', due);
  };
  for (const socket of sockets) {
    socket.on('error', (error) => {
      failure = error;
    });
    const sender = createSender(socket, (status, dueMillis) => {
      if (status !== 200) failure = new ExplainedError(`an answer was ${status}`);
      latencies.push(performance.now() - dueMillis);
      sendNext(sender);
    });
    free.push(sender);
  }

  const startedMillis = performance.now();
  const wanted = Math.floor(seconds * perSecond);
  let due = 0;
  while (latencies.length < wanted && failure === undefined) {
    const elapsedMillis = performance.now() - startedMillis;
    if (elapsedMillis > seconds * 2000)
      throw new ExplainedError(`${perSecond} requests a second are not answered in time`);
    for (; due < Math.min(wanted, (elapsedMillis * perSecond) / 1000); due++)
      waiting.push(startedMillis + (due * 1000) / perSecond);
    while (waiting.length > 0) {
      const sender = free.pop();
      if (sender === undefined) break;
      sendNext(sender);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const socket of sockets) socket.destroy();
  if (failure !== undefined) throw failure;
  latencies.sort((a, b) => a - b);
  return { p50Millis: at(latencies, 0.5), p99Millis: at(latencies, 0.99) };
}

interface Sender {
  send(request: string, dueMillis: number): void;
}

/** One request at a time; answers have a Content-Length. */
function createSender(socket: Socket, onAnswer: (status: number, dueMillis: number) => void): Sender {
  let head = '';
  let missing = Number.NaN;
  let due = 0;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    if (Number.isNaN(missing)) {
      head += text;
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = /^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1];
      missing = Number(length) - (head.length - end - 4);
    } else missing -= text.length;
    if (missing > 0) return;
    const status = Number(head.slice(9, 12));
    head = '';
    missing = Number.NaN;
    onAnswer(status, due);
  });
  return {
    send: (request, dueMillis) => {
      due = dueMillis;
      socket.write(request);
    },
  };
}

function requestText({ url, path, headers }: LoadOptions, body: string): string {
  const lines = Object.entries({
    host: new URL(url).host,
    ...headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
