import { pathToFileURL } from 'node:url';
import * as z from 'zod';

// A process as Lambda starts one: loads the bundle named by its argument, then answers one event after the other.
const bundle = z.string().parse(process.argv[2]);
const loaded: unknown = await import(pathToFileURL(bundle).href);
type Handler = (event: unknown, context: unknown) => unknown;
const { handler } = z.object({ handler: z.custom<Handler>((value) => typeof value === 'function') }).parse(loaded);

const context = () => ({ awsRequestId: crypto.randomUUID(), getRemainingTimeInMillis: () => 900_000 });

process.on('message', async (event) => {
  try {
    process.send?.({ answer: await handler(event, context()) });
  } catch (error) {
    process.send?.({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.send?.({ answer: 'ready' });
