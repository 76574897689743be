/**
 * The results of a pipeline of so many commands. Throws if any failed, with Redis's own message. What is thrown repeats
 * nothing else of an answer: there are values in it, and errors are logged.
 */
export function resultsOf(text: string, commands: number): unknown[] {
  const outcomes = parse(text);
  if (!Array.isArray(outcomes) || outcomes.length !== commands) {
    throw new TypeError(`Upstash answered something else than the results of ${commands} commands`);
  }
  return outcomes.map(resultOf);
}

/** What an answer says of a request that failed. */
export function errorOf(text: string): string {
  const answer = parse(text);
  return isObject(answer) && 'error' in answer ? shorten(answer.error) : 'no reason given';
}

function resultOf(outcome: unknown): unknown {
  if (isObject(outcome)) {
    if ('error' in outcome && outcome.error !== undefined) throw new Error(shorten(outcome.error));
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
