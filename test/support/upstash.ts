import { createServer, type IncomingMessage, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import * as z from 'zod';

export interface UpstashServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** What one command, or one HTTP request, came to. */
type Outcome = { readonly result: unknown } | { readonly error: string };

interface HttpAnswer {
  readonly status: number;
  readonly body: Outcome | Outcome[];
}

const commandSchema = z.tuple([z.string()], z.union([z.string(), z.number()]));
const commandsSchema = z.array(commandSchema).min(1);

type Command = z.infer<typeof commandSchema>;

/** Upstash's REST interface over a real Redis: `/`, `/pipeline` and `/multi-exec`, with a bearer token, in plain text or base64. */
export async function startUpstash(
  redisUrl: string,
  onRequest: (request: IncomingMessage) => void = () => {},
): Promise<UpstashServer> {
  const token = crypto.randomUUID();
  const redis = new Redis(redisUrl);
  const server = createServer(async (request, response) => {
    onRequest(request);
    const { status, body } =
      request.headers.authorization === `Bearer ${token}` ? await answer(redis, request) : unauthorized;
    const isBase64 = request.headers['upstash-encoding'] === 'base64';
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isBase64 ? encode(body) : body));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    stop: async () => {
      redis.disconnect();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** On a free port of 127.0.0.1. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('The server has no port');
}

const unauthorized: HttpAnswer = { status: 401, body: { error: 'WRONGPASS invalid or missing auth token' } };

async function answer(redis: Redis, request: IncomingMessage): Promise<HttpAnswer> {
  const body: unknown = await json(request).catch(() => undefined);
  if (request.url === '/') {
    const command = commandSchema.safeParse(body);
    if (!command.success) return failed('ERR failed to parse command');
    const [outcome = { error: 'ERR no answer' }] = await run(redis, [command.data]);
    return 'error' in outcome ? failed(outcome.error) : { status: 200, body: outcome };
  }
  const commands = commandsSchema.safeParse(body);
  if (!commands.success) return failed('ERR failed to parse pipeline request');
  if (request.url === '/pipeline') return { status: 200, body: await run(redis, commands.data) };
  if (request.url === '/multi-exec') return transact(redis, commands.data);
  return { status: 404, body: { error: 'ERR not found' } };
}

function failed(error: string): HttpAnswer {
  return { status: 400, body: { error } };
}

async function run(redis: Redis, commands: readonly Command[]): Promise<Outcome[]> {
  const pipeline = redis.pipeline();
  for (const [name, ...args] of commands) pipeline.call(name, args);
  return (await pipeline.exec())?.map(outcomeOf) ?? [];
}

async function transact(redis: Redis, commands: readonly Command[]): Promise<HttpAnswer> {
  const transaction = redis.multi();
  for (const [name, ...args] of commands) transaction.call(name, args);
  try {
    return { status: 200, body: (await transaction.exec())?.map(outcomeOf) ?? [] };
  } catch (error) {
    return failed(error instanceof Error ? error.message : 'ERR no answer');
  }
}

function outcomeOf([error, result]: [Error | null, unknown]): Outcome {
  return error === null ? { result } : { error: error.message };
}

/** Every text of a result, `OK` excepted, which is a status. Errors stay as they are. */
function encode(body: HttpAnswer['body']): unknown {
  const encodeOne = (outcome: Outcome): Outcome =>
    'error' in outcome ? outcome : { result: encodeResult(outcome.result) };
  return Array.isArray(body) ? body.map(encodeOne) : encodeOne(body);
}

function encodeResult(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(encodeResult);
  return typeof result === 'string' && result !== 'OK' ? Buffer.from(result).toString('base64') : result;
}
