import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { gatewayEvent, type HttpCall } from '../../support/gateway-event.ts';

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

const answerSchema = z.object({ statusCode: z.number(), body: z.string(), headers: z.record(z.string(), z.string()) });

export interface HttpReply {
  readonly status: number;
  readonly text: string;
}

export async function call(lambda: LambdaProcess, request: HttpCall): Promise<HttpReply> {
  const { statusCode, body } = answerSchema.parse(await lambda.invoke(gatewayEvent(request)));
  return { status: statusCode, text: body };
}
