import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { ExplainedError } from './explained-error.ts';
import type { LoadOptions } from './load.ts';
import type { Latencies, PacedLoadOptions } from './paced-load.ts';

parentPort?.postMessage(await run(workerData as PacedLoadOptions));

/** Over bare sockets, since at half of what a server can do a client of node:http would be the slower one. */
async function run(options: PacedLoadOptions): Promise<Latencies> {
  const { connections, seconds, perSecond } = options;
  const requests = options.bodies.map((body) => Buffer.from(requestText(options, body)));
  const wanted = Math.floor(seconds * perSecond);
  const latencies = new Float64Array(wanted);
  let failure: Error | undefined;
  let due = 0;
  let sent = 0;
  let answered = 0;
  const free: Sender[] = [];

  const startedMillis = performance.now();
  const dueMillis = (request: number): number => startedMillis + (request * 1000) / perSecond;
  const sendDue = (): void => {
    while (sent < due) {
      const sender = free.pop();
      if (sender === undefined) return;
      sender.send(requests[sent % requests.length] as Buffer, dueMillis(sent++));
    }
  };
  const senders = Array.from({ length: connections }, () => {
    const sender = createSender(options.url, {
      onAnswer: (status, sinceMillis) => {
        if (status !== 200) failure = new ExplainedError(`an answer was ${status}`);
        latencies[answered++] = performance.now() - sinceMillis;
        free.push(sender);
        sendDue();
      },
      onError: (error) => {
        failure = error;
      },
    });
    free.push(sender);
    return sender;
  });

  while (answered < wanted && failure === undefined) {
    const elapsedMillis = performance.now() - startedMillis;
    if (elapsedMillis > seconds * 2000)
      throw new ExplainedError(`${perSecond} requests a second are not answered in time`);
    due = Math.min(wanted, Math.ceil((elapsedMillis * perSecond) / 1000));
    sendDue();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const sender of senders) sender.close();
  if (failure !== undefined) throw failure;
  latencies.sort();
  return { p50Millis: at(latencies, 0.5), p99Millis: at(latencies, 0.99) };
}

interface Sender {
  send(request: Buffer, dueMillis: number): void;
  close(): void;
}

interface SenderEvents {
  onAnswer(status: number, dueMillis: number): void;
  onError(error: Error): void;
}

/** One request at a time, read into one buffer; answers have a Content-Length. */
function createSender(url: string, { onAnswer, onError }: SenderEvents): Sender {
  let head = '';
  let missing = Number.NaN;
  let due = 0;
  const read = (count: number, buffer: Uint8Array): boolean => {
    if (Number.isNaN(missing)) {
      head += Buffer.from(buffer.buffer, buffer.byteOffset, count).toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return true;
      const length = /^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1];
      missing = Number(length) - (head.length - end - 4);
    } else missing -= count;
    if (missing > 0) return true;
    const status = Number(head.slice(9, 12));
    head = '';
    missing = Number.NaN;
    onAnswer(status, due);
    return true;
  };
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({
    ...{ host: hostname, port: Number(port), noDelay: true },
    onread: { buffer: Buffer.alloc(65_536), callback: read },
  });
  socket.on('error', onError);
  return {
    send: (request, dueMillis) => {
      due = dueMillis;
      socket.write(request);
    },
    close: () => {
      socket.destroy();
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

function at(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
