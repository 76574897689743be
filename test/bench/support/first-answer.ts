import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** As little as Lambda's own loop does: load the module, call its handler, hand over what it answers. */
const runner = `
  import { writeSync } from 'node:fs';
  const { handler } = await import(process.argv[1]);
  const answer = await handler(JSON.parse(process.argv[2]), {});
  writeSync(3, JSON.stringify(answer));
  process.exit();`;

export interface FirstAnswer {
  /** From the start of the process to its answer. */
  readonly milliseconds: number;
  readonly answer: string;
}

/** Starts a process of Node that loads a bundle and answers one event. What it logs goes nowhere. */
export async function firstAnswer(
  bundle: string,
  event: unknown,
  env: Readonly<Record<string, string>>,
): Promise<FirstAnswer> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', runner, bundle, JSON.stringify(event)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const pipe = child.stdio[3];
  if (pipe === null || pipe === undefined || !('read' in pipe)) throw new Error('the process has no pipe to answer on');
  const answered = once(pipe, 'readable').then(() => performance.now());
  const exited = once(child, 'exit');
  const answer = await text(pipe);
  const milliseconds = (await answered) - startedAt;
  await exited;
  return { milliseconds, answer };
}
