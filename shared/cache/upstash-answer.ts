import type { RedisCommand } from './redis-client.ts';

/**
 * The results of a pipeline of commands. Throws if any failed that may not, with Redis's own message. What is thrown repeats
 * nothing else of an answer: there are values in it, and errors are logged.
 */
export function resultsOf(text: string, commands: readonly Pick<RedisCommand, 'mayFail'>[]): unknown[] {
  const outcomes = parse(text);
  if (!Array.isArray(outcomes) || outcomes.length !== commands.length) {
    throw new TypeError(`Upstash answered something else than the results of ${commands.length} commands`);
  }
  return outcomes.map((outcome: unknown, index) => {
    const result = resultOf(outcome);
    if (result instanceof Error && !commands[index]?.mayFail) throw result;
    return result;
  });
}

/** What an answer says of a request that failed. */
export function errorOf(text: string): string {
  const answer = parse(text);
  return isObject(answer) && 'error' in answer ? shorten(answer.error) : 'no reason given';
}

/** What a command answered, or the error that Redis did. */
function resultOf(outcome: unknown): unknown {
  if (isObject(outcome)) {
    if ('error' in outcome && outcome.error !== undefined) return new Error(shorten(outcome.error));
    if ('result' in outcome) return outcome.result;
  }
  throw new TypeError('Upstash answered something else than the result of a command');
}

/** Undefined where it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function shorten(error: unknown): string {
  return String(error).slice(0, 200);
}
