import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

export interface LambdaProcess {
  /** What the handler answers to the event; rejects with what it throws. */
  invoke(event: unknown): Promise<unknown>;
  /** What it has written to standard output: the lines that go to CloudWatch Logs. */
  lines(): string[];
  stop(): Promise<void>;
}

const messageSchema = z.union([z.object({ failure: z.string() }), z.object({ answer: z.unknown() })]);

/** Runs a bundle in a process of its own, which sees nothing but the bundle's folder and the environment given. */
export async function startLambda(folder: string, environment: Record<string, string>): Promise<LambdaProcess> {
  const child = fork(fileURLToPath(new URL('run-handler.ts', import.meta.url)), [join(folder, 'index.mjs')], {
    cwd: folder,
    env: environment,
    execArgv: [],
    silent: true,
  });
  let output = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const gone = once(child, 'exit').then(() => {
    throw new Error(`the function ended: ${errors}`);
  });
  gone.catch(() => {});

  const next = async (): Promise<unknown> => {
    const [message] = await Promise.race([once(child, 'message'), gone]);
    const parsed = messageSchema.parse(message);
    if ('failure' in parsed) throw new Error(parsed.failure);
    return parsed.answer;
  };
  await next();
  return {
    invoke: (event) => {
      const answer = next();
      child.send(JSON.parse(JSON.stringify(event)));
      return answer;
    },
    lines: () => output.split('\n').filter((line) => line !== ''),
    stop: async () => {
      child.kill('SIGKILL');
      await gone.catch(() => {});
    },
  };
}

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly key?: string;
  readonly body?: unknown;
}

/** A request as an HTTP API hands it to Lambda, format 2.0. */
export function gatewayEvent({ method, path, key, body }: HttpCall): unknown {
  return {
    version: '2.0',
    routeKey: 'ANY /api/v1/{proxy+}',
    rawPath: path,
    rawQueryString: '',
    headers: {
      host: 'api.example.com',
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'x-api-key': key }),
    },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'id',
      routeKey: 'ANY /api/v1/{proxy+}',
      stage: '$default',
      time: '12/Mar/2026:19:03:58 +0000',
      timeEpoch: 1_773_342_238_000,
    },
    // The gateway encodes what it does not take for text; either must do.
    body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)).toString('base64'),
    isBase64Encoded: body !== undefined,
  };
}

const answerSchema = z.object({ statusCode: z.number(), body: z.string(), headers: z.record(z.string(), z.string()) });

export interface HttpReply {
  readonly status: number;
  readonly text: string;
}

export async function call(lambda: LambdaProcess, request: HttpCall): Promise<HttpReply> {
  const { statusCode, body } = answerSchema.parse(await lambda.invoke(gatewayEvent(request)));
  return { status: statusCode, text: body };
}
