import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';

/** What `c.env` has: under Node's server its own request, in Lambda the event of the gateway. */
interface Bindings {
  readonly incoming?: IncomingMessage;
  readonly event?: { readonly body?: string | null; readonly isBase64Encoded?: boolean };
}

/**
 * The bytes of a body; undefined where there are more than `mostBytes`, of which no more is read. Rejects where it breaks off.
 *
 * They are taken from what carries them: Fetch's Request copies each body into an ArrayBuffer first, and each of these is memory
 * of its own that the collector has to give back.
 */
export function readBytes(c: Context, mostBytes: number): Promise<Buffer | undefined> {
  const { incoming }: Bindings = c.env ?? {};
  // A promise of its own, not one of an async function that waits for it.
  return incoming === undefined ? readFetched(c, mostBytes) : readIncoming(incoming, mostBytes);
}

async function readFetched(c: Context, mostBytes: number): Promise<Buffer | undefined> {
  const { event }: Bindings = c.env ?? {};
  if (event !== undefined)
    return within(mostBytes, Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'));
  if (c.req.header('content-length') === undefined) return readStream(c.req.raw.body, mostBytes);
  return within(mostBytes, Buffer.from(await c.req.arrayBuffer()));
}

function within(mostBytes: number, bytes: Buffer): Buffer | undefined {
  return bytes.length > mostBytes ? undefined : bytes;
}

function readIncoming(incoming: IncomingMessage, mostBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= mostBytes) {
        chunks.push(chunk);
        return;
      }
      incoming.off('data', onData);
      incoming.pause();
      resolve(undefined);
    };
    // Closed it is after each answer too: no error is made then, whose stack takes 2 us.
    const onClose = (): void => {
      if (!incoming.readableEnded) reject(new Error('the connection was closed'));
    };
    if (incoming.destroyed) onClose();
    incoming.on('data', onData);
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    incoming.on('error', reject);
    incoming.on('close', onClose);
  });
}

async function readStream(stream: ReadableStream<Uint8Array> | null, mostBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream ?? []) {
    length += chunk.length;
    if (length > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
