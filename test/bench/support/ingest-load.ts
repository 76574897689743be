import { Agent, request } from 'node:http';
import { benchKey } from './bench-stores.ts';

export interface IngestLoad {
  /** Writes by one request of a body that is ready. Throws where it was not taken whole. */
  send(body: Buffer): Promise<void>;
  close(): void;
}

/** By Node's own client, on kept connections and from bytes that are ready: what it costs is taken from the cores that are measured. */
export function createIngestLoad(url: string, inFlight: number): IngestLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const send = (body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}/api/v1/features/ingest`, {
        agent,
        method: 'POST',
        headers: { ...benchKey, 'content-type': 'application/json', 'content-length': body.length },
      });
      sent.on('error', reject).on('response', async (response) => {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        if (response.statusCode === 200 && text.includes('"rejected":[]')) resolve();
        else reject(new Error(`ingest answered ${response.statusCode}: ${text}`));
      });
      sent.end(body);
    });
  return { send, close: () => agent.destroy() };
}

/** How long all of them take with so many in flight. */
export async function secondsOf<Item>(
  items: readonly Item[],
  inFlight: number,
  run: (item: Item) => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  const queue = items.values();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const item of queue) await run(item);
    }),
  );
  return (performance.now() - startedAt) / 1000;
}
